package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
)

// An interrupted probe reports nothing that it has not looked at.
func TestProbeInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var stdout, stderr bytes.Buffer
	status := Main(ctx, []string{"probe", "127.0.0.1:1"}, strings.NewReader(""), &stdout, &stderr)
	if status != exitInterrupt || stdout.Len() > 0 || stderr.String() != "mailscript: interrupted\n" {
		t.Errorf("exit status %d\n%s%s", status, stdout.String(), stderr.String())
	}
}
