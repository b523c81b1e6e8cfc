package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// peer is the Python process.
type peer struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

// start runs peer.py with one thread each for OpenMP and BLAS. Settings that make numpy's OpenBLAS take the kernels of
// another processor are left out.
func start(python string) (*peer, error) {
	p := &peer{cmd: exec.Command(python, filepath.Join("bench", "peer.py"))}
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "OPENBLAS_CORETYPE=") && !strings.HasPrefix(e, "OPENBLAS_L2_SIZE=") {
			p.cmd.Env = append(p.cmd.Env, e)
		}
	}
	p.cmd.Env = append(p.cmd.Env, "OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1")
	p.cmd.Stderr = io.Discard
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.in, p.out = in, bufio.NewScanner(out)
	return p, p.cmd.Start()
}

func (p *peer) stop() {
	_ = p.in.Close()
	_ = p.cmd.Wait()
}

// reply is what either side measured.
type reply struct {
	Path, Rows, Release, Error string
	Seconds, CPU               float64 // for one call
	First                      float64 // seconds until the first answer, loading included
	Size                       int64   // bytes of a file
	Before, Peak               int64   // bytes of memory of the process before loading, and at most
}

// on gives the time by the clock asked for.
func (r reply) on(cpu bool) float64 {
	if cpu {
		return r.CPU
	}
	return r.Seconds
}

func (p *peer) ask(what map[string]any) (reply, error) {
	b, err := json.Marshal(what)
	if err != nil {
		return reply{}, err
	}
	if _, err := p.in.Write(append(b, '\n')); err != nil {
		return reply{}, err
	}
	if !p.out.Scan() {
		return reply{}, errors.New("python ended")
	}
	var r reply
	if err := json.Unmarshal(p.out.Bytes(), &r); err != nil {
		return reply{}, err
	}
	if r.Error != "" {
		return r, errors.New(r.Error)
	}
	return r, nil
}
