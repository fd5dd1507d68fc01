package rows

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"

	"github.com/go-sql-driver/mysql"
)

// openMySQL prepares connections with go-sql-driver. Its parameters that send files or
// passwords to whoever asks are not among ours.
func (d *Database) openMySQL(target *url.URL) error {
	config := mysql.NewConfig()
	config.User, config.Passwd = target.User.Username(), d.secret
	config.DBName = strings.TrimPrefix(target.Path, "/")
	config.ParseTime = true
	config.Timeout = connectTimeout
	config.Logger = &mysql.NopLogger{} // errors come to the caller
	host := target.Hostname()
	config.Net, config.Addr = "tcp", net.JoinHostPort(cmp.Or(host, "127.0.0.1"), cmp.Or(target.Port(), "3306"))
	mode, authority := "", ""
	for key, values := range target.Query() {
		value := values[len(values)-1]
		switch key {
		case "socket":
			host, config.Net, config.Addr = "", "unix", value
		case "tls":
			mode = value
		case "ca":
			authority = value
		case "collation":
			config.Collation = value
		default:
			return fmt.Errorf("unknown parameter %s%s", excerpt(key), didYouMean(key, []string{"socket", "tls", "ca", "collation"}))
		}
	}
	if mode == "" {
		mode = "true"
		if isLocal(host) && authority == "" {
			mode = "false"
		}
	}
	switch mode {
	case "false":
	case "true":
		config.TLS = &tls.Config{ServerName: host}
	case "preferred":
		config.TLS, config.AllowFallbackToPlaintext = &tls.Config{InsecureSkipVerify: true}, true
	case "skip-verify":
		config.TLS = &tls.Config{InsecureSkipVerify: true}
	default:
		return fmt.Errorf("tls %s is none of true, skip-verify, preferred, false", excerpt(mode))
	}
	if authority != "" {
		if mode != "true" {
			return fmt.Errorf("ca needs tls=true, and tls is %s", mode)
		}
		pem, err := os.ReadFile(authority)
		if err != nil {
			return fmt.Errorf("ca: %s", plainCause(err))
		}
		config.TLS.RootCAs = x509.NewCertPool()
		if !config.TLS.RootCAs.AppendCertsFromPEM(pem) {
			return errors.New("ca: no certificate in PEM")
		}
	}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return err
	}
	d.pool, d.bits, d.hint = sql.OpenDB(connector), true, mySQLHint
	return nil
}

func mySQLHint(err error) string {
	switch {
	case isCertificateError(err):
		return "?ca=FILE names the authority of the certificate; ?tls=skip-verify takes any certificate"
	case errors.Is(err, mysql.ErrNoTLS):
		return "?tls=false connects without encryption"
	}
	return ""
}
