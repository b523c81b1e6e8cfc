//go:build !linux

package source

func forget([]byte, int64) {}

func advise([]byte, bool) {}
