package rows

import (
	"crypto/x509"
	"database/sql"
	"errors"
	"net/url"
	"strconv"
	"strings"

	"github.com/lib/pq"
)

// openPostgreSQL prepares connections with lib/pq, which takes what the URL leaves out
// from the environment, as psql does.
func (d *Database) openPostgreSQL(target *url.URL) error {
	query := target.Query()
	host := target.Hostname()
	if query.Has("host") {
		host = query.Get("host")
	}
	if !query.Has("sslmode") {
		query.Set("sslmode", "verify-full")
		if isLocal(host) {
			query.Set("sslmode", "disable")
		}
	}
	if !query.Has("connect_timeout") {
		query.Set("connect_timeout", strconv.Itoa(int(connectTimeout.Seconds())))
	}
	if query.Has("password") {
		return errors.New("a password among the parameters; it stands behind the user, or is given by itself")
	}
	changed := *target
	changed.RawQuery = query.Encode()
	changed.Scheme = "postgres"
	config, err := pq.NewConfig(changed.String())
	if err != nil {
		return err
	}
	if d.secret != "" {
		config.Password = d.secret
	}
	connector, err := pq.NewConnectorConfig(config)
	if err != nil {
		return err
	}
	d.pool, d.hint = sql.OpenDB(connector), postgreSQLHint
	return nil
}

func postgreSQLHint(err error) string {
	var refused *pq.Error
	switch {
	case isCertificateError(err):
		return "?sslrootcert=FILE names the authority of the certificate; ?sslmode=require takes any certificate"
	case errors.As(err, &refused) && refused.Code == "42601" && strings.Contains(err.Error(), "?"): // syntax_error
		return "parameters of PostgreSQL are $1, $2, …"
	case strings.Contains(err.Error(), "SSL is not enabled on the server"):
		return "?sslmode=disable connects without encryption"
	}
	return ""
}

func isCertificateError(err error) bool {
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	return errors.As(err, &authority) || errors.As(err, &name) || errors.As(err, &invalid)
}
