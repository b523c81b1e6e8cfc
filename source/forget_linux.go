package source

import (
	"os"
	"syscall"
)

// forget takes the pages of a map that lie wholly before off out of memory; they come back when they are touched.
func forget(b []byte, off int64) {
	if n := off &^ int64(os.Getpagesize()-1); n > 0 {
		_ = syscall.Madvise(b[:n], syscall.MADV_DONTNEED) // advice only
	}
}
