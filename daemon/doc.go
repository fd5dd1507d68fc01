// Package daemon is what a process that runs for months needs of the system around
// it: to be the only one of its kind in a folder ([Acquire]), to tell a service
// manager how it is ([Notifier]), and to hear that files were changed ([Watcher]).
// None of it wakes up when nothing happens.
package daemon
