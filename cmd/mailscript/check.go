package main

import (
	"errors"
	"fmt"

	"github.com/mailscript/mailscript/engine"
	"github.com/spf13/cobra"
)

func checkCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check SCRIPT...",
		Short: "Compile scripts without running them",
		Long:  "check compiles scripts and says where they are wrong. Nothing runs and nothing is sent.",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{errors.New("no script given"), "mailscript check SCRIPT..."}
			}
			return nil
		},
		ValidArgsFunction: luaFiles,
		RunE: func(c *cobra.Command, args []string) error {
			var first error
			for _, path := range args {
				_, err := engine.Load(path)
				switch {
				case err == nil:
					fmt.Fprintf(c.OutOrStdout(), "%s: ok\n", path)
				case first == nil:
					first = err
				default:
					complain(c.ErrOrStderr(), err)
				}
			}
			return first
		},
	}
}
