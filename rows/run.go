package rows

import (
	"context"
	"errors"
	"io"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/tensor"
)

// Run feeds rows to a method, chunk by chunk; all at once where a row's result depends on the others.
type Run struct {
	Model   *larder.Model
	Method  string
	Keep    []string     // columns of the data to hand on beside the results
	Columns []string     // columns of the data to use, in order; nil: found by the model's names
	Note    func(string) // called once per note; may be nil
}

// Sink takes results.
type Sink interface {
	Write(r *larder.Result, keep *Table) error
}

// All reads in to its end.
func (r *Run) All(ctx context.Context, in Reader, out Sink) error {
	want := WantOf(r.Model, r.Method)
	said := map[string]bool{}
	first := true
	for {
		t, err := in.Next()
		if errors.Is(err, io.EOF) {
			if first {
				return &Error{Row: -1, Msg: "no rows"}
			}
			return nil
		}
		if err != nil {
			return err
		}
		v, keep, notes, err := r.match(t, want)
		if err != nil {
			return err
		}
		if first && r.Model.CouplesRows(r.Method, v) {
			rest, err := ReadAll(in)
			if err != nil {
				return err
			}
			if rest.Rows() > 0 {
				if err := t.Append(rest); err != nil {
					return err
				}
				if v, keep, notes, err = r.match(t, want); err != nil {
					return err
				}
			}
		}
		first = false
		for _, n := range notes {
			if r.Note != nil && !said[n] {
				said[n] = true
				r.Note(n)
			}
		}
		res, err := r.Model.Run(ctx, r.Method, v)
		if err != nil {
			return err
		}
		if err := out.Write(res, keep); err != nil {
			return err
		}
	}
}

func (r *Run) match(t *Table, want *Want) (v tensor.Value, keep *Table, notes []string, err error) {
	if len(r.Keep) > 0 {
		if keep, err = t.Pick(r.Keep); err != nil {
			return v, nil, nil, err
		}
	}
	use := t
	if len(r.Columns) > 0 {
		if use, err = t.Use(r.Columns, want); err != nil {
			return v, nil, nil, err
		}
	} else if len(r.Keep) > 0 && want.Names == nil && len(want.Columns) > 0 && len(t.Columns) == len(want.Columns)+len(r.Keep) {
		// A model without names takes what is left.
		left := *t
		for _, name := range r.Keep {
			if _, err = left.Take(name); err != nil {
				return v, nil, nil, err
			}
		}
		use = &left
	}
	v, notes, err = use.Match(want)
	return v, keep, notes, err
}
