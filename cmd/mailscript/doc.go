package main

import (
	"fmt"
	"strings"

	"github.com/mailscript/mailscript/engine"
	"github.com/mailscript/mailscript/luaapi"
	"github.com/spf13/cobra"
)

func docCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "doc [NAME]",
		Short:   "Describe a module, function or object",
		Long:    "doc describes what scripts can call: a module (smtp), a function (smtp.connect), an object (session), a method (session:send) or a field (result.outcome). Without a name it lists the modules.",
		Example: "  mailscript doc smtp.connect\n  mailscript doc session:send",
		Args:    cobra.MaximumNArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			_, names := luaapi.Find("")
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				for _, m := range luaapi.Modules() {
					fmt.Fprintf(c.OutOrStdout(), "%-8s %s\n", m.Name, m.Doc)
				}
				return nil
			}
			found, names := luaapi.Find(args[0])
			if found == nil {
				hint := "mailscript doc lists the modules"
				if near, ok := engine.Closest(args[0], names); ok {
					hint = "did you mean " + near + "?"
				}
				return usageError{fmt.Errorf("there is no %q", args[0]), hint}
			}
			text := luaapi.Describe(found)
			fmt.Fprint(c.OutOrStdout(), strings.TrimRight(text, "\n")+"\n")
			return nil
		},
	}
}
