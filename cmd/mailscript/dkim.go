package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mailscript/mailscript/luaapi"
	"github.com/spf13/cobra"
)

func dkimCommand() *cobra.Command {
	var path string
	command := &cobra.Command{
		Use:   "dkim [NAME...]",
		Short: "Print the DNS records of the keys in mailscript.toml",
		Long: `dkim reads the keys of mailscript.toml that sign mail (default all) and prints
the TXT records that publish their public halves, as zone files have them.
It shows no private key and asks no DNS.`,
		Example: "  mailscript dkim\n  mailscript dkim bank",
		RunE: func(c *cobra.Command, args []string) error {
			return printRecords(c.Context(), args, path, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	command.Flags().StringVar(&path, "config", "", "use the configuration in `FILE`")
	return command
}

func printRecords(ctx context.Context, names []string, path string, stdout, stderr io.Writer) error {
	warn := func(text string) { fmt.Fprintln(stderr, "mailscript: warning:", text) }
	p, err := openProject(filepath.Join(".", "dkim.lua"), path, warn)
	if err != nil {
		return err
	}
	if p.file == nil || len(p.file.DKIM) == 0 {
		return usageError{errors.New("there is no key that signs mail"), "write [dkim.NAME] in mailscript.toml; mailscript init shows how"}
	}
	var known []string
	for _, t := range p.file.DKIM {
		known = append(known, t.Name)
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return usageError{fmt.Errorf("there is no key %q", name), "the keys of mailscript.toml are " + strings.Join(known, ", ")}
		}
	}
	for _, t := range p.file.DKIM {
		if len(names) > 0 && !slices.Contains(names, t.Name) {
			continue
		}
		record, err := luaapi.PublishedKey(ctx, t, secretReader(p, stderr, warn))
		if err != nil {
			return err
		}
		if record.Warning != "" {
			warn(fmt.Sprintf("dkim %q: %s", t.Name, record.Warning))
		}
		fmt.Fprintf(stdout, "%s. IN TXT %s\n", record.Name, quotedStrings(record.Text))
	}
	return nil
}

// longestString is RFC 1035, section 3.3: the octets that one string of a TXT record holds.
// Readers join the strings (RFC 6376, section 3.6.2.2).
const longestString = 255

func quotedStrings(text string) string {
	var parts []string
	for part := range slices.Chunk([]byte(text), longestString) {
		parts = append(parts, `"`+string(part)+`"`)
	}
	return strings.Join(parts, " ")
}
