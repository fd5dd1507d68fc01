//go:build !stream

package main

var modes = map[string]mode{"send": sendEach}
