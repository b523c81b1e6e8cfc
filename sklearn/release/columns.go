package release

import (
	"fmt"
	"slices"
	"strings"

	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
	"github.com/larder-ml/larder/tensor"
)

// columnNames sets feature_names_in_ where a release before 0.22.1 kept none: from the index of the frame, else from what the
// transformers name. Where all take their columns by name, those names are all that transform asks for.
func (s *state) columnNames() error {
	if s.has("feature_names_in_") || !s.writtenBefore("0.22.1") {
		return nil
	}
	if names, err := sklearn.Strings(s.get("_df_columns")); err == nil {
		s.set("feature_names_in_", texts(names), "from _df_columns")
		return nil
	}
	var names []string
	var drops []*pyobj.Tuple
	for _, t := range s.transformers() {
		if w, _ := pyobj.Text(t.Items[1]); w == "drop" {
			drops = append(drops, t)
			continue
		}
		if emptyColumns(t.Items[2]) {
			continue
		}
		items, err := sklearn.Sequence(t.Items[2])
		if err != nil {
			items = []pyobj.Value{t.Items[2]}
		}
		for _, c := range items {
			n, ok := pyobj.Text(c)
			switch {
			case !ok && len(names) > 0:
				return s.refuse("transformers_", "some columns are given by name, some by position, and the file does not tell the names of all")
			case !ok:
				return nil
			case !slices.Contains(names, n):
				names = append(names, n)
			}
		}
	}
	if names == nil {
		return nil
	}
	if t, ok := s.get("_remainder").(*pyobj.Tuple); ok && len(t.Items) == 3 {
		if w, _ := pyobj.Text(t.Items[1]); w == "drop" {
			drops = append(drops, t)
		}
	}
	for _, t := range drops {
		t.Items[2] = &pyobj.List{}
	}
	s.drop("_n_features")
	s.set("feature_names_in_", texts(names), "the columns that transformers name; others do not matter")
	s.set("n_features_in_", pyobj.Int(len(names)), "their number")
	s.m.say("%s (ColumnTransformer): the file names the columns that are taken, not those that are dropped: frames are read by name.", s.path)
	return nil
}

// texts is an array of objects that are texts.
func texts(list []string) *pyobj.Array {
	a := &pyobj.Array{DType: dtype("O"), Shape: []int{len(list)}, Offset: -1}
	for _, n := range list {
		a.Objects = append(a.Objects, pyobj.Str(n))
	}
	return a
}

// transformers are the entries (name, transformer, columns) of transformers_.
func (s *state) transformers() []*pyobj.Tuple {
	list, _ := sklearn.Sequence(s.get("transformers_"))
	var out []*pyobj.Tuple
	for _, it := range list {
		if t, ok := it.(*pyobj.Tuple); ok && len(t.Items) == 3 {
			out = append(out, t)
		}
	}
	return out
}

// fittedPassthrough: since 1.4 the fitted form of "passthrough" is a FunctionTransformer.
func (s *state) fittedPassthrough() error {
	n := s.get("_n_features")
	if n != nil {
		s.add("n_features_in_", n, "as _n_features")
		s.drop("_n_features")
	}
	s.drop("_name_to_fitted_passthrough")
	return s.replaceTransformers(func(t *pyobj.Tuple) (pyobj.Value, string, error) {
		if w, _ := pyobj.Text(t.Items[1]); w != "passthrough" {
			return nil, "", nil
		}
		f, err := s.m.passthrough()
		if err != nil {
			return nil, "", err
		}
		attrs, _ := f.Attrs()
		if names := s.selected(t.Items[2]); names != nil {
			attrs.Set(pyobj.Str("feature_names_in_"), names)
			attrs.Set(pyobj.Str("n_features_in_"), pyobj.Int(len(names.Objects)))
		} else { // without the names it would fail on rows that have some
			attrs.Set(pyobj.Str("feature_names_out"), pyobj.None{})
		}
		return f, "\"passthrough\" → FunctionTransformer that does nothing", nil
	})
}

// replaceTransformers puts what by gives in the places of the transformers it gives something for.
func (s *state) replaceTransformers(by func(t *pyobj.Tuple) (v pyobj.Value, how string, err error)) error {
	list, ok := s.get("transformers_").(*pyobj.List)
	if !ok {
		return nil
	}
	items := slices.Clone(list.Items)
	for i, it := range items {
		t, ok := it.(*pyobj.Tuple)
		if !ok || len(t.Items) != 3 {
			continue
		}
		v, how, err := by(t)
		if err != nil {
			return err
		}
		if v != nil {
			items[i] = &pyobj.Tuple{Items: []pyobj.Value{t.Items[0], v, t.Items[2]}}
			s.note(Rewritten, "transformers_", fmt.Sprintf("[%d]: %s", i, how))
		}
	}
	s.attrs.Set(pyobj.Str("transformers_"), &pyobj.List{Items: items})
	return nil
}

// selected gives the names of columns, nil where they are not known.
func (s *state) selected(key pyobj.Value) *pyobj.Array {
	names, ok := s.get("feature_names_in_").(*pyobj.Array)
	if _, err := sklearn.Sequence(key); !ok || len(names.Shape) != 1 || len(names.Objects) != names.Shape[0] || err != nil && !isSlice(key) {
		return nil
	}
	words, err := sklearn.Strings(names)
	if err != nil {
		return nil
	}
	at, ok := columns(key, len(words), words)
	if !ok {
		return nil
	}
	out := &pyobj.Array{DType: names.DType, Shape: []int{len(at.Items)}, Offset: -1}
	for _, it := range at.Items {
		n, err := sklearn.Int(it)
		if err != nil || n < 0 || n >= len(words) {
			return nil
		}
		out.Objects = append(out.Objects, names.Objects[n])
	}
	return out
}

func isSlice(key pyobj.Value) bool {
	o, ok := key.(*pyobj.Object)
	return ok && strings.HasSuffix(o.ClassName(), ".slice")
}

// namedPassthrough is the way back.
func (s *state) namedPassthrough() error {
	if n := s.get("n_features_in_"); n != nil {
		s.add("_n_features", n, "as n_features_in_")
	}
	return s.replaceTransformers(func(t *pyobj.Tuple) (pyobj.Value, string, error) {
		o, ok := t.Items[1].(*pyobj.Object)
		if !ok || pyobj.ShortName(o.ClassName()) != "FunctionTransformer" {
			return nil, "", nil
		}
		attrs, _ := o.Attrs()
		if _, isNone := attrs.Get("func").(pyobj.None); !isNone {
			return nil, "", nil
		}
		return pyobj.Str("passthrough"), "→ \"passthrough\"", nil
	})
}

// passthrough makes the transformer that does nothing.
func (m *migration) passthrough() (*pyobj.Object, error) {
	return m.make("FunctionTransformer", entry("func", pyobj.None{}), entry("inverse_func", pyobj.None{}), entry("validate", pyobj.Bool(false)),
		entry("accept_sparse", pyobj.Bool(true)), entry("check_inverse", pyobj.Bool(false)), entry("feature_names_out", pyobj.Str("one-to-one")),
		entry("kw_args", pyobj.None{}), entry("inv_kw_args", pyobj.None{}))
}

// columnBookkeeping sets what transform asks of a fitted ColumnTransformer: which columns each transformer takes and
// which places of the output it fills.
func (s *state) columnBookkeeping() error {
	list, err := sklearn.Sequence(s.get("transformers_"))
	if err != nil {
		return nil
	}
	// _RemainderColsList is a list that remembers how it was made; 1.7 has it no more.
	plain := func(v pyobj.Value) pyobj.Value {
		o, ok := v.(*pyobj.Object)
		if !ok || pyobj.ShortName(o.ClassName()) != "_RemainderColsList" {
			return v
		}
		if d, ok := o.State.(*pyobj.Dict); ok {
			if l, ok := d.Get("data").(*pyobj.List); ok {
				return &pyobj.List{Items: l.Items}
			}
		}
		return &pyobj.List{Items: o.Items}
	}
	for i, it := range list {
		if t, ok := it.(*pyobj.Tuple); ok && len(t.Items) == 3 {
			t.Items[2] = plain(t.Items[2])
			list[i] = t
		}
	}
	if t, ok := s.get("_remainder").(*pyobj.Tuple); ok && len(t.Items) == 3 {
		t.Items[2] = plain(t.Items[2])
	}
	if !s.m.To.Before("1.1") && s.m.To.Before("1.4") && s.get("_name_to_fitted_passthrough") == nil {
		d := &pyobj.Dict{}
		for _, it := range list {
			if t, ok := it.(*pyobj.Tuple); ok && len(t.Items) == 3 {
				if w, _ := pyobj.Text(t.Items[1]); w == "passthrough" {
					f, err := s.m.passthrough()
					if err != nil {
						return err
					}
					d.Set(t.Items[0], f)
				}
			}
		}
		s.set("_name_to_fitted_passthrough", d, "transformers that do nothing")
	}
	width, err := sklearn.Int(s.get("n_features_in_"))
	if err != nil {
		width, err = sklearn.Int(s.get("_n_features")) // until 0.22
	}
	if err != nil {
		if s.get("_transformer_to_input_indices") != nil {
			return nil
		}
		return s.refuse("transformers_", "the file does not say how many columns the frame had, nor their names")
	}
	names, _ := sklearn.Strings(s.get("feature_names_in_"))
	if s.get("_transformer_to_input_indices") == nil {
		d := &pyobj.Dict{}
		for _, it := range list {
			t, ok := it.(*pyobj.Tuple)
			if !ok || len(t.Items) != 3 {
				return s.refuse("transformers_", "not triples")
			}
			cols, ok := columns(t.Items[2], width, names)
			if !ok {
				return s.refuse("transformers_", "columns given by %s can not be told", sklearn.Describe(t.Items[2]))
			}
			d.Set(t.Items[0], cols)
		}
		s.set("_transformer_to_input_indices", d, "from transformers_")
	}
	if s.get("output_indices_") == nil && !s.m.To.Before("1.0") {
		s.attrs.Set(pyobj.Str("output_indices_"), &pyobj.Dict{})
		s.note(Added, "output_indices_", "empty: the writing release did not keep it; no prediction asks for it")
	}
	s.innerNames(list)
	return nil
}

// columns gives a key of columns as positions.
func columns(key pyobj.Value, width int, names []string) (*pyobj.List, bool) {
	out := &pyobj.List{}
	one := func(v pyobj.Value) bool {
		if t, ok := pyobj.Text(v); ok {
			for i, n := range names {
				if n == t {
					out.Items = append(out.Items, pyobj.Int(i))
					return true
				}
			}
			return false
		}
		n, err := sklearn.Int(v)
		if err != nil {
			return false
		}
		if n < 0 {
			n += width
		}
		out.Items = append(out.Items, pyobj.Int(n))
		return true
	}
	if o, ok := key.(*pyobj.Object); ok && isSlice(key) && len(o.Args) == 3 {
		from, to, by := 0, width, 1
		for i, p := range []*int{&from, &to, &by} {
			if n, err := sklearn.Int(o.Args[i]); err == nil {
				if i < 2 && n < 0 {
					n += width
				}
				*p = n
			} else if t, ok := pyobj.Text(o.Args[i]); ok {
				for j, n := range names {
					if n == t {
						*p = j + i
					}
				}
			}
		}
		for i := from; by > 0 && i < to && i < width; i += by {
			out.Items = append(out.Items, pyobj.Int(i))
		}
		return out, true
	}
	if t, err := sklearn.Tensor(key); err == nil && t.DType == tensor.Bool {
		for i, b := range t.U8 {
			if b != 0 {
				out.Items = append(out.Items, pyobj.Int(i))
			}
		}
		return out, true
	}
	items, err := sklearn.Sequence(key)
	if err != nil {
		return out, one(key)
	}
	if len(items) > 0 {
		if _, ok := items[0].(pyobj.Bool); ok {
			for i, it := range items {
				if b, _ := it.(pyobj.Bool); bool(b) {
					out.Items = append(out.Items, pyobj.Int(i))
				}
			}
			return out, true
		}
	}
	for _, it := range items {
		if !one(it) {
			return nil, false
		}
	}
	return out, true
}

// innerNames gives the transformers inside a ColumnTransformer the names of the columns they get: before 1.0 they kept none,
// and since then they warn of frames that have some.
func (s *state) innerNames(list []pyobj.Value) {
	if !s.writtenBefore("1.0") {
		return
	}
	for i, it := range list {
		if t, ok := it.(*pyobj.Tuple); ok && len(t.Items) == 3 {
			if names := s.selected(t.Items[2]); names != nil {
				s.m.named(t.Items[1], names, fmt.Sprintf("%s.transformers_[%d][1]", s.path, i))
			}
		}
	}
}

// named tells an estimator that is given a frame the names of its columns.
func (m *migration) named(v pyobj.Value, names *pyobj.Array, path string) {
	o, ok := v.(*pyobj.Object)
	if !ok || attrsOf(o) == nil || m.To.Class(pyobj.ShortName(o.ClassName())) == nil {
		return
	}
	name, attrs := pyobj.ShortName(o.ClassName()), attrsOf(o)
	switch name {
	case "Pipeline", "FeatureUnion":
		attr := map[string]string{"Pipeline": "steps", "FeatureUnion": "transformer_list"}[name]
		list, _ := sklearn.Sequence(attrs.Get(attr))
		for i, it := range list {
			if t, ok := it.(*pyobj.Tuple); ok && len(t.Items) > 1 {
				m.named(t.Items[1], names, fmt.Sprintf("%s.%s[%d][1]", path, attr, i))
				if _, first := t.Items[1].(*pyobj.Object); first && name == "Pipeline" {
					return
				}
			}
		}
		return
	case "CountVectorizer", "TfidfVectorizer", "HashingVectorizer", "ColumnTransformer":
		return // texts; a frame of its own
	}
	for _, e := range []pyobj.Entry{entry("feature_names_in_", names), entry("n_features_in_", pyobj.Int(len(names.Objects)))} {
		if k, _ := pyobj.Text(e.Key); attrs.Get(k) == nil {
			attrs.Set(e.Key, e.Value)
			m.report.Changes = append(m.report.Changes, Change{path, name, k, Added, "the columns it is given"})
		}
	}
}
