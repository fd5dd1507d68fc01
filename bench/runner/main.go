// Command runner measures this repository's client against its peers and against
// the physical limit, and prints the ratios beside their targets.
//
//	runner -bin DIRECTORY [-run REGEXP] [-quick] [-rounds 3] [-write FILE] [-check] [-list]
//
// It builds nothing: DIRECTORY holds the other commands of this module. Every
// client is a process of its own, and so is the server of each. The clients of a
// line run in turn, A B C A B C …, and a figure is the median of the rounds. Beside the
// ratio of the medians stands that of the least, which a busy machine changes less.
//
// Figures of CPU are the client's own, with the server on another core; those of
// wall time have both on one core, so that what a client spares the server counts
// too. Without taskset(1), or with one core, nothing is pinned and only CPU
// figures mean much.
//
// -quick shows in a minute that everything works; its figures are worth nothing
// and are not judged.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
)

// options are the flags.
type options struct {
	bin    string
	run    string
	write  string
	rounds int
	quick  bool
	check  bool
	list   bool
}

func main() {
	var o options
	flag.StringVar(&o.bin, "bin", "bench/bin", "`directory` of the programs")
	flag.StringVar(&o.run, "run", "", "measure only the lines whose name matches this `regexp`")
	flag.StringVar(&o.write, "write", "", "also put the tables into this `file`, between its markers")
	flag.IntVar(&o.rounds, "rounds", 3, "rounds of each line")
	flag.BoolVar(&o.quick, "quick", false, "fewer messages, one round, no judgement")
	flag.BoolVar(&o.check, "check", false, "end with status 1 where a target is missed")
	flag.BoolVar(&o.list, "list", false, "list the lines and measure nothing")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "runner:", err)
		os.Exit(1)
	}
}

// errMissed is for -check.
var errMissed = errors.New("a target is missed")

func run(ctx context.Context, o options, out io.Writer) error {
	wanted, err := regexp.Compile(o.run)
	if err != nil {
		return err
	}
	var chosen []line
	for _, l := range lines() {
		if wanted.MatchString(l.name) {
			chosen = append(chosen, l)
		}
	}
	if len(chosen) == 0 {
		return fmt.Errorf("no line matches %q; -list names them", o.run)
	}
	if o.list {
		for _, l := range chosen {
			fmt.Fprintln(out, l.name)
		}
		return nil
	}
	if o.quick {
		o.rounds = 1
	}
	m, err := newMeter(o)
	if err != nil {
		return err
	}
	defer m.close()
	page := page{machine: m.facts(), quick: o.quick}
	for _, l := range chosen {
		if o.quick {
			l = l.quick()
		}
		fmt.Fprintln(os.Stderr, l.name)
		figures, err := m.measure(ctx, l)
		if err != nil {
			return fmt.Errorf("%s: %w", l.name, err)
		}
		page.lines = append(page.lines, measured{l, figures, m.commands(l)})
	}
	text := page.markdown()
	if _, err := io.WriteString(out, text); err != nil {
		return err
	}
	if o.write != "" {
		if err := replaceInFile(o.write, text); err != nil {
			return err
		}
	}
	if o.check && page.missed() {
		return errMissed
	}
	return nil
}
