package parts

import (
	"strings"

	"github.com/larder-ml/larder/numpy"
	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/sklearn"
)

// Function is a function that a file names, with what is bound to it. Nothing of it is called: who reads it looks for what he knows.
type Function struct {
	// Name is the first and the last part of a function's name ("numpy.log1p"), the class and the name of a method ("str.lower",
	// "pattern.findall", "numpy.ndarray.ravel", "pandas.NDFrame.fillna"), "method.lower" of operator.methodcaller, "numpy.vectorize", or
	// "" of what is none of these.
	Name string
	Of   pyobj.Value // the pattern or text that a method is bound to; the attributes of a numpy.vectorize
	// Each is the function that numpy.vectorize calls on each value.
	Each   *Function
	Args   []pyobj.Value
	Kwargs []*pyobj.Dict // of two values for one name the later one's counts
	What   string        // as the file names it
	// Own is the implementation that the registry has of it.
	Own *sklearn.Func
}

// UnmarshalPy reads a name, a pickled ufunc, a bound method, a functools.partial, or what operator and numpy.vectorize make.
func (f *Function) UnmarshalPy(bd *sklearn.Binder, path string, v pyobj.Value) error {
	f.What = sklearn.Describe(v)
	switch x := v.(type) {
	case *pyobj.Global:
		root, _, _ := strings.Cut(x.Module, ".")
		f.Name, f.What = python(root+"."+x.Name), x.String()
		if bd != nil && bd.Registry != nil {
			f.Own = bd.Registry.Func(f.What)
		}
	case *pyobj.Object:
		if g, ok := numpy.Ufunc(x); ok {
			return f.UnmarshalPy(bd, path, g)
		}
		switch class := python(x.ClassName()); class {
		case "functools.partial":
			return f.partial(bd, path, x)
		case "builtins.getattr":
			f.method(x)
		case "operator.methodcaller":
			if f.methodcaller(x.Args); len(x.Args) == 1 {
				f.What += " " + text(x.Args[0])
			}
		case "operator.itemgetter", "operator.attrgetter":
			f.Name, f.Args = class, x.Args
		case "numpy.vectorize", "numpy.lib.function_base.vectorize", "numpy.lib._function_base_impl.vectorize":
			if d, ok := x.State.(*pyobj.Dict); ok {
				f.Name, f.Of, f.Each = "numpy.vectorize", d, new(Function)
				err := f.Each.UnmarshalPy(bd, path, d.Get("pyfunc"))
				f.What = "numpy.vectorize of " + f.Each.What
				return err
			}
		default:
			f.keywords(x)
		}
	}
	return nil
}

// python gives names of Python's own modules as they are written. Text is what protocols before 3 call unicode.
func python(name string) string {
	if name == "__builtin__.unicode" {
		return "builtins.str"
	}
	if n, ok := strings.CutPrefix(name, "__builtin__"); ok {
		return "builtins" + n
	}
	if strings.HasPrefix(name, "_operator") {
		return name[1:]
	}
	return name
}

func text(v pyobj.Value) string {
	s, _ := pyobj.Text(v)
	return s
}

// method reads getattr(class or object, name).
func (f *Function) method(o *pyobj.Object) {
	if len(o.Args) != 2 {
		return
	}
	name := text(o.Args[1])
	switch of := o.Args[0].(type) {
	case *pyobj.Global:
		f.What = of.String() + "." + name
		root, _, _ := strings.Cut(of.Module, ".")
		switch root = python(root); {
		case root == "builtins" && (of.Name == "str" || of.Name == "unicode"):
			f.Name, f.What = "str."+name, "str."+name
		case root == "numpy" || root == "pandas" || root == "scipy":
			f.Name = root + "." + of.Name + "." + name
		}
	case pyobj.Str:
		f.Name, f.Of, f.What = "text."+name, of, "str."+name+" of "+sklearn.Describe(of)
	case *pyobj.Object:
		if of.ClassName() == "re._compile" {
			f.Name, f.Of, f.What = "pattern."+name, of, "re.Pattern."+name
		}
	}
}

// methodcaller reads its name and arguments.
func (f *Function) methodcaller(args []pyobj.Value) {
	if len(args) > 0 {
		f.Name, f.Args = "method."+text(args[0]), args[1:]
		f.What = "operator.methodcaller of " + text(args[0])
	}
}

// keywords reads functools.partial(operator.methodcaller, name, **keywords)(*arguments).
func (f *Function) keywords(o *pyobj.Object) {
	p, ok := o.Class.(*pyobj.Object)
	if !ok || p.ClassName() != "functools.partial" || len(p.Args) != 1 {
		return
	}
	g, ok := p.Args[0].(*pyobj.Global)
	state, tuple := p.State.(*pyobj.Tuple)
	if !ok || !tuple || python(g.String()) != "operator.methodcaller" || len(state.Items) < 3 {
		return
	}
	args, err := sklearn.Sequence(state.Items[1])
	if err != nil {
		return
	}
	f.methodcaller(append(args[:len(args):len(args)], o.Args...))
	if d, ok := state.Items[2].(*pyobj.Dict); ok {
		f.Kwargs = append(f.Kwargs, d)
	}
}

// partial reads partial's state: function, arguments, keyword arguments, attributes.
func (f *Function) partial(bd *sklearn.Binder, path string, o *pyobj.Object) error {
	state, ok := o.State.(*pyobj.Tuple)
	if !ok || len(state.Items) < 3 {
		f.What = "functools.partial"
		return nil
	}
	if err := f.UnmarshalPy(bd, path, state.Items[0]); err != nil {
		return err
	}
	args, err := sklearn.Sequence(state.Items[1])
	if err != nil {
		return err
	}
	if strings.HasPrefix(f.Name, "method.") || f.Name == "operator.itemgetter" || f.Name == "operator.attrgetter" {
		if len(args) > 0 { // then it is called with two
			f.Name = ""
		}
	} else {
		f.Args = append(f.Args, args...)
	}
	if d, ok := state.Items[2].(*pyobj.Dict); ok {
		f.Kwargs = append(f.Kwargs, d)
	}
	return nil
}

// Get returns a keyword argument, nil if it is not given.
func (f *Function) Get(name string) pyobj.Value {
	for i := range f.Kwargs {
		if v := f.Kwargs[len(f.Kwargs)-1-i].Get(name); v != nil {
			return v
		}
	}
	return nil
}

// Keywords reports that no keyword argument has another name than these.
func (f *Function) Keywords(names ...string) bool {
	for _, d := range f.Kwargs {
		for _, e := range d.Entries {
			known := false
			for _, n := range names {
				known = known || n == text(e.Key)
			}
			if !known {
				return false
			}
		}
	}
	return true
}

// Foreign reports a function that is the author's, or another library's.
func (f *Function) Foreign() bool {
	root, _, _ := strings.Cut(f.Name, ".")
	switch root {
	case "builtins", "str", "text", "pattern", "method", "operator", "math", "re", "html", "unicodedata", "numpy", "scipy", "pandas", "sklearn":
		return false
	}
	return true
}
