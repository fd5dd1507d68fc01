// Package interop tests the binary against programs that nobody here wrote:
// mail servers, TLS proxies, readers of messages, databases, writers of workbooks.
// Its tests have the build tag interop and need what install.sh installs; make
// interop runs them.
//
// Readers get generated messages (package mime/mimetest) and must find in them what the
// description says; docs/readers.md has what they get wrong.
//
// Every server goes through the rows of feature_test.go, and docs/servers.md says
// what came of it; UPDATE=1 writes that page.
//
// Each server has a file of its own. It runs with its own configuration, spool
// and unprivileged ports on 127.0.0.1, in a temporary folder, and is ended with
// the test. Nothing is relayed.
package interop
