// Package crash kills mailscript in the midst of merges, with a signal nobody can
// catch, lets the next process go on, and holds what its ledger says against what a
// server has taken. It has tests only, behind the build tag crash; make crash runs them.
package crash
