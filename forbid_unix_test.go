//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package larder

import "syscall"

// forbid takes pages of a map away: reading them is a fault.
func forbid(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	return syscall.Mprotect(b, syscall.PROT_NONE)
}
