package ledger

import "context"

func (l *Ledger) quickCheck(ctx context.Context, last holder) error { return nil }
func (l *Ledger) inspectLog() error                                 { return nil }
