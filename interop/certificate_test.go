//go:build interop

package interop

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// certificates are PEM files: an authority's certificate, and a server's with
// its key. It does for a client too.
type certificates struct {
	ca, certificate, key string
	pin                  string
}

// makeCertificates makes an authority and a server's certificate for some names.
func makeCertificates(t *testing.T, hosts ...string) certificates {
	t.Helper()
	return issue(t, time.Now().Add(90*24*time.Hour), hosts...)
}

// issue is makeCertificates with an end for the server's.
func issue(t *testing.T, until time.Time, hosts ...string) certificates {
	t.Helper()
	folder := t.TempDir()
	c := certificates{ca: filepath.Join(folder, "ca.pem"), certificate: filepath.Join(folder, "server.pem"), key: filepath.Join(folder, "server.key")}
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Root of " + hosts[0]},
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(90 * 24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	server := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: hosts[0]},
		NotBefore: authority.NotBefore, NotAfter: until,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			server.IPAddresses = append(server.IPAddresses, ip)
		} else {
			server.DNSNames = append(server.DNSNames, host)
		}
	}
	authorityKey, serverKey := newKey(t), newKey(t)
	writeCertificate(t, c.ca, authority, authority, authorityKey, authorityKey)
	writeCertificate(t, c.certificate, server, authority, serverKey, authorityKey)
	public, err := x509.MarshalPKIXPublicKey(&serverKey.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(public)
	c.pin = "sha256//" + base64.StdEncoding.EncodeToString(digest[:])
	der, err := x509.MarshalPKCS8PrivateKey(serverKey)
	if err != nil {
		t.Fatal(err)
	}
	write(t, c.key, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), 0o600)
	return c
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func writeCertificate(t *testing.T, path string, template, issuer *x509.Certificate, key, issuerKey *ecdsa.PrivateKey) {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, issuer, &key.PublicKey, issuerKey)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), 0o644)
}

// givenPorts are those that a test has been given: servers of tests that run at the
// same time bind theirs some time later.
var givenPorts struct {
	sync.Mutex
	last int
}

// freePorts are ports of 127.0.0.1 that nobody listens on, and no test has been given.
// They are below those that systems take for outgoing connections, of which the tests
// make many. A server that finds one taken after all does not start, and its test fails.
func freePorts(t *testing.T, n int) []int {
	t.Helper()
	const first, behind = 10_000, 32_768
	givenPorts.Lock()
	defer givenPorts.Unlock()
	if givenPorts.last == 0 {
		givenPorts.last = first + mathrand.IntN(behind-first) // others may run these tests as well
	}
	var ports []int
	for range behind - first {
		if len(ports) == n {
			return ports
		}
		if givenPorts.last++; givenPorts.last >= behind {
			givenPorts.last = first
		}
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", givenPorts.last))
		if err != nil {
			continue // taken
		}
		listener.Close()
		ports = append(ports, givenPorts.last)
	}
	t.Fatalf("%d of %d ports are free", len(ports), n)
	return nil
}

func awaitPort(t *testing.T, address string) {
	t.Helper()
	await(t, "a server at "+address, func() bool {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return false
		}
		conn.Close()
		return true
	})
}
