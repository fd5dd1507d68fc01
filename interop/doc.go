// Package interop tests the binary against programs that nobody here wrote:
// mail servers, TLS proxies, readers of messages. Its tests have the build tag
// interop and need what install.sh installs; make interop runs them.
//
// Each server has a file of its own. It runs with its own configuration, spool
// and unprivileged ports on 127.0.0.1, in a temporary folder, and is ended with
// the test. Nothing is relayed.
package interop
