//go:build crash && unix

package crash

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/mailscript/mailscript/delivery"
	"github.com/mailscript/mailscript/ledger"
	"github.com/mailscript/mailscript/smtp"
)

// orders are what a process of the tests is told by its environment.
type orders struct {
	folder, address string
	rows            int
	policy          delivery.DoubtPolicy
	transfer        smtp.Transfer
	point           string // where it dies or fails
	pass            int    // which time it is there
	fault           string // "kill", "EIO" or "ENOSPC"
	edited          bool   // the first row is not what it was
	salvage         bool
}

func (o orders) environment() []string {
	return append(os.Environ(), "CRASH_CHILD="+strings.Join([]string{
		o.folder, o.address, strconv.Itoa(o.rows), string(o.policy), string(o.transfer), o.point, strconv.Itoa(o.pass), o.fault,
		strconv.FormatBool(o.edited), strconv.FormatBool(o.salvage),
	}, "\n"))
}

func ordersOf(text string) orders {
	part := strings.Split(text, "\n")
	o := orders{
		folder: part[0], address: part[1], policy: delivery.DoubtPolicy(part[3]), transfer: smtp.Transfer(part[4]), point: part[5], fault: part[7],
		edited: part[8] == "true", salvage: part[9] == "true",
	}
	o.rows, _ = strconv.Atoi(part[2])
	o.pass, _ = strconv.Atoi(part[6])
	return o
}

// failpoint is where a process dies, or hears of a fault once.
func (o *orders) failpoint(name string) error {
	if name != o.point {
		return nil
	}
	if o.pass--; o.pass != 0 {
		return nil
	}
	switch o.fault {
	case "EIO":
		fmt.Fprintln(os.Stderr, hit)
		return syscall.EIO
	case "ENOSPC":
		fmt.Fprintln(os.Stderr, hit)
		return syscall.ENOSPC
	}
	return syscall.Kill(os.Getpid(), syscall.SIGKILL)
}

// hit is what a process says that was told of a fault.
const hit = "failed where it was told to"

// child is a process with a merge that knows of failpoints. It has all of the real
// one but the script.
func child(o orders) error {
	var failpoints = make(chan func(), 1) // one at a time
	failpoints <- nil
	point := func(name string) error {
		<-failpoints
		defer func() { failpoints <- nil }()
		return o.failpoint(name)
	}
	ctx := context.Background()
	if o.salvage {
		_, err := ledger.Salvage(ctx, o.folder, ledger.Options{Failpoint: point})
		return err
	}
	book, err := ledger.Open(ctx, o.folder, ledger.Options{Failpoint: point})
	if err != nil {
		return err
	}
	sent := merge(ctx, o, book, point)
	return errors.Join(sent, book.Close())
}

func merge(ctx context.Context, o orders, book *ledger.Ledger, point func(string) error) error {
	err := book.Suppress([]ledger.Suppression{{Address: "nobody@example.org", Reason: "unsubscribed", Since: time.Now()}})
	if err != nil {
		return err
	}
	run, err := book.Run("crash", ledger.Settings{InDoubt: ledger.Policy(o.policy), Addresses: ledger.AnyAddress})
	if err != nil {
		return err
	}
	lessons := &smtp.Lessons{}
	pool := smtp.NewPool(func(ctx context.Context) (*smtp.Session, error) {
		return smtp.Connect(ctx, smtp.Options{
			Host: "mx.example", TLS: smtp.TLSOff, Lessons: lessons, LocalName: "client.example",
			Dial: func(ctx context.Context, _ smtp.Target) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, "tcp", o.address)
			},
		})
	}, smtp.PoolOptions{Connections: 2})
	defer pool.Close(ctx)
	options := delivery.Options{
		Pool: pool, Connections: 2, Journal: delivery.Durable(run, o.policy), Doubt: o.policy, StopAfter: -1, Failpoint: point,
		Retry: delivery.Retry{Soon: 10 * time.Millisecond, Least: 10 * time.Millisecond, Most: 20 * time.Millisecond},
	}
	options.Stream.Messages, options.Stream.Transfer = childWindow, o.transfer
	_, err = delivery.Run(ctx, o.source, options)
	if errors.Is(err, delivery.ErrFinished) {
		return nil
	}
	return err
}

// childWindow is small, so that there are many.
const childWindow = 8

// source has a row for each number, and one that is to get nothing.
func (o orders) source(context.Context, delivery.Need) (delivery.Rows, error) {
	n := 0
	return delivery.Rows{Next: func() (delivery.Job, error) {
		n++
		if n > o.rows+1 {
			return delivery.Job{}, io.EOF
		}
		to := fmt.Sprintf("r%d@example.org", n)
		if n == o.rows+1 {
			to = "nobody@example.org"
		}
		hash := uint64(n)
		if o.edited && n == 1 {
			hash = 0
		}
		text := fmt.Sprintf("Message-ID: <%d@crash.example>\r\nSubject: number %d\r\n\r\n.\r\nHello %s\r\n", n, n, to)
		return delivery.Job{
			Number: int64(n), Key: to, Hash: hash, Envelope: smtp.Envelope{From: "news@bank.example", To: []string{to}},
			Build: func(context.Context) (delivery.Letter, error) {
				return delivery.Letter{Content: smtp.ContentOf([]byte(text)), MessageID: fmt.Sprintf("<%d@crash.example>", n)}, nil
			},
		}, nil
	}}, nil
}
