//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package larder

import "errors"

func forbid([]byte) error { return errors.ErrUnsupported }
