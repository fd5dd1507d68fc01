// Package client is what every measured client is: a process that is told by
// flags what to send where, sends it, and prints as JSON what that cost.
//
// Times are taken from before the first connection is opened until after the last
// has ended; the CPU time is the process's own, so what the start of a process
// costs is not in it.
package client

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"strconv"
)

// TLS says how a connection is encrypted.
type TLS string

const (
	Off      TLS = "off"
	Implicit TLS = "implicit"
	StartTLS TLS = "starttls"
)

// ServerName is what the certificate of the server is for.
const ServerName = "localhost"

// LocalName is what a client that can choose says in EHLO.
const LocalName = "bench.localhost"

// Job is what a client is asked to do.
type Job struct {
	Address     string
	Messages    int // in all
	Connections int
	Size        int // of a message, in octets
	TLS         TLS
	Login       bool // authenticate, with any user name and password

	roots   string
	profile string
	pool    *x509.CertPool
}

// Flags registers a job's flags.
func (j *Job) Flags(flags *flag.FlagSet) {
	flags.StringVar(&j.Address, "address", "", "`host:port` of the server")
	flags.IntVar(&j.Messages, "n", 1000, "messages, in all")
	flags.IntVar(&j.Connections, "c", 1, "connections")
	flags.IntVar(&j.Size, "size", 1024, "octets of a message")
	flags.StringVar((*string)(&j.TLS), "tls", "off", "off, implicit or starttls")
	flags.StringVar(&j.roots, "roots", "", "`file` of the certificate to trust")
	flags.BoolVar(&j.Login, "login", false, "authenticate")
	flags.StringVar(&j.profile, "cpuprofile", "", "write a CPU profile to this `file`")
}

// check completes a job whose flags have been read.
func (j *Job) check() error {
	if j.Connections < 1 || j.Messages < 0 {
		return errors.New("a job has at least one connection")
	}
	switch j.TLS {
	case Off:
		return nil
	case Implicit, StartTLS:
	default:
		return fmt.Errorf("-tls %s is none of off, implicit, starttls", j.TLS)
	}
	pem, err := os.ReadFile(j.roots)
	if err != nil {
		return err
	}
	j.pool = x509.NewCertPool()
	if !j.pool.AppendCertsFromPEM(pem) {
		return fmt.Errorf("no certificate in %s", j.roots)
	}
	return nil
}

// Roots are what the server's certificate is verified with.
func (j Job) Roots() *x509.CertPool { return j.pool }

// RootsFile is where the server's certificate stands.
func (j Job) RootsFile() string { return j.roots }

// TLSConfig is for clients that take one.
func (j Job) TLSConfig() *tls.Config {
	return &tls.Config{RootCAs: j.pool, ServerName: ServerName}
}

// HostPort is the address in two.
func (j Job) HostPort() (host string, port int, err error) {
	host, text, err := net.SplitHostPort(j.Address)
	if err != nil {
		return "", 0, err
	}
	port, err = strconv.Atoi(text)
	return host, port, err
}

// Dial opens a connection, encrypted where the job wants implicit TLS.
func (j Job) Dial() (net.Conn, error) {
	conn, err := net.Dial("tcp", j.Address)
	if err != nil || j.TLS != Implicit {
		return conn, err
	}
	return tls.Client(conn, j.TLSConfig()), nil
}
