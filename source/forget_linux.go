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

// advise says whether the pages of a map will be touched here and there, or in long runs.
func advise(b []byte, scattered bool) {
	advice := syscall.MADV_NORMAL
	if scattered {
		advice = syscall.MADV_RANDOM
	}
	_ = syscall.Madvise(b, advice) // advice only
}
