package source

import (
	"fmt"
	"runtime/debug"
)

// FaultError is a mapped file whose bytes could not be read any more: it was cut off, or its disk failed, while in use.
type FaultError struct{ Cause error }

func (e *FaultError) Error() string {
	return fmt.Sprintf("source: the mapped file was changed or lost while in use: %v", e.Cause)
}

// Unwrap gives the cause.
func (e *FaultError) Unwrap() error { return e.Cause }

// Is answers ErrCorrupt.
func (e *FaultError) Is(target error) bool { return target == ErrCorrupt }

// Fault returns the error for a recovered panic that is a fault of memory at an address, nil for any other panic.
func Fault(recovered any) *FaultError {
	err, ok := recovered.(error)
	if _, at := recovered.(interface{ Addr() uintptr }); !ok || !at {
		return nil
	}
	return &FaultError{err}
}

// Protect calls f, which may read mapped files on this goroutine: a fault of memory is its error. Other panics pass.
func Protect(f func() error) (err error) {
	old := debug.SetPanicOnFault(true)
	defer func() {
		debug.SetPanicOnFault(old)
		if r := recover(); r != nil {
			fault := Fault(r)
			if fault == nil {
				panic(r)
			}
			err = fault
		}
	}()
	return f()
}
