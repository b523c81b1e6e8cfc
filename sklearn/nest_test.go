package sklearn_test

import (
	"testing"
	"time"

	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/sklearn/all"
)

// TestSharedObjectsAreReadABoundedNumberOfTimes binds a few objects, each in two places inside the next: 2^60 in all.
func TestSharedObjectsAreReadABoundedNumberOfTimes(t *testing.T) {
	object := func(class string, attrs ...any) *pyobj.Object {
		d := &pyobj.Dict{}
		for i := 0; i < len(attrs); i += 2 {
			d.Entries = append(d.Entries, pyobj.Entry{Key: pyobj.Str(attrs[i].(string)), Value: attrs[i+1].(pyobj.Value)})
		}
		module, name := class[:len(class)-len(pyobj.ShortName(class))-1], pyobj.ShortName(class)
		return &pyobj.Object{Make: pyobj.New, Class: &pyobj.Global{Module: module, Name: name}, State: d, Offset: -1}
	}
	steps := func(v pyobj.Value) pyobj.Value {
		l := &pyobj.List{}
		for _, name := range []string{"a", "b"} {
			l.Items = append(l.Items, &pyobj.Tuple{Items: []pyobj.Value{pyobj.Str(name), v}})
		}
		return l
	}
	binarizer := func() *pyobj.Object {
		return object("sklearn.preprocessing._data.Binarizer", "threshold", pyobj.Float(0), "copy", pyobj.Bool(true), "_sklearn_version", pyobj.Str("1.9.1"))
	}
	nested := func(class, attr string, depth int) pyobj.Value {
		v := binarizer()
		for range depth {
			v = object(class, attr, steps(v), "verbose", pyobj.Bool(false), "verbose_feature_names_out", pyobj.Bool(true), "_sklearn_version", pyobj.Str("1.9.1"))
		}
		return v
	}
	for class, attr := range map[string]string{"sklearn.pipeline.Pipeline": "steps", "sklearn.pipeline.FeatureUnion": "transformer_list"} {
		bind := func(v pyobj.Value) error {
			_, err := (&sklearn.Binder{Registry: all.Registry(), Lenient: true}).Bind(v, "model")
			return err
		}
		if err := bind(nested(class, attr, 5)); err != nil {
			t.Errorf("%s: five times: %v", class, err)
		}
		start := time.Now()
		if err := bind(nested(class, attr, 60)); err == nil {
			t.Errorf("%s: sixty times: no error", class)
		}
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%s: %v", class, took)
		}
	}
}
