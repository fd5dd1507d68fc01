package main

import (
	"syscall"
	"time"
)

// totals are what a server, or one connection, counted.
type totals struct {
	Connections int64 `json:"connections"`
	Messages    int64 `json:"messages"`
	Octets      int64 `json:"octets"`      // that arrived, inside TLS
	BodyOctets  int64 `json:"body_octets"` // of messages, as they were sent
	Commands    int64 `json:"commands"`
	Refused     int64 `json:"refused"` // commands answered with 5xx
	Chunks      int64 `json:"chunks"`
	Turns       int64 `json:"turns"`
	// MessageTurns are those from the first MAIL to the last accepted message.
	MessageTurns int64 `json:"message_turns"`
	// Rounds is the most of any connection.
	Rounds int64 `json:"rounds"`
	Reads  int64 `json:"reads"`  // that found something
	Writes int64 `json:"writes"` // of replies
	Errors int64 `json:"errors"` // connections that did not end with QUIT or a close between messages

	CPU float64 `json:"cpu"` // seconds, of the process since the first connection
}

func (s *server) add(t totals) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := &s.totals
	sum.Connections += t.Connections
	sum.Messages += t.Messages
	sum.Octets += t.Octets
	sum.BodyOctets += t.BodyOctets
	sum.Commands += t.Commands
	sum.Refused += t.Refused
	sum.Chunks += t.Chunks
	sum.Turns += t.Turns
	sum.MessageTurns += t.MessageTurns
	sum.Rounds = max(sum.Rounds, t.Rounds)
	sum.Reads += t.Reads
	sum.Writes += t.Writes
	sum.Errors += t.Errors
}

func (s *server) counted() totals {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.totals
	t.CPU = (processorTime() - s.idleTime).Seconds()
	return t
}

// processorTime is what the process has used so far, user and system.
func processorTime() time.Duration {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
