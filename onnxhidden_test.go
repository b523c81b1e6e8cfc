package larder_test

import (
	"bytes"
	"testing"

	"github.com/larder-ml/larder"
	"github.com/larder-ml/larder/audit"
	"github.com/larder-ml/larder/internal/protowire"
)

// TestONNXHidesNothing: paths of other files and operations of other libraries are found in constants, attributes, inner graphs, sparse
// constants and functions.
func TestONNXHidesNothing(t *testing.T) {
	external := func() *protowire.Message {
		x, entry := &protowire.Message{}, &protowire.Message{}
		entry.String(1, "location")
		entry.String(2, "../../w.bin")
		x.String(8, "w")
		x.Message(13, entry)
		x.Int(14, 1)
		return x
	}
	node := func(op, domain string) *protowire.Message {
		n := &protowire.Message{}
		n.String(1, "x")
		n.String(2, "y")
		n.String(4, op)
		n.String(7, domain)
		return n
	}
	with := func(n *protowire.Message, field int, v *protowire.Message) *protowire.Message {
		a := &protowire.Message{}
		a.String(1, "body")
		a.Message(field, v)
		n.Message(5, a)
		return n
	}
	holding := func(field int, v *protowire.Message) *protowire.Message {
		g := &protowire.Message{}
		g.Message(field, v)
		return g
	}
	for name, c := range map[string]struct {
		graph func(g *protowire.Message)
		model func(m *protowire.Message)
		want  audit.Verdict
	}{
		"nothing":                   {want: audit.OK},
		"a constant":                {graph: func(g *protowire.Message) { g.Message(5, external()) }, want: audit.Refused},
		"a sparse constant":         {graph: func(g *protowire.Message) { g.Message(15, holding(1, external())) }, want: audit.Refused},
		"an attribute":              {graph: func(g *protowire.Message) { g.Message(1, with(node("Constant", ""), 5, external())) }, want: audit.Refused},
		"tensors":                   {graph: func(g *protowire.Message) { g.Message(1, with(node("Constant", ""), 10, external())) }, want: audit.Refused},
		"an inner graph":            {graph: func(g *protowire.Message) { g.Message(1, with(node("If", ""), 6, holding(5, external()))) }, want: audit.Refused},
		"an operation":              {graph: func(g *protowire.Message) { g.Message(1, node("Run", "evil")) }, want: audit.Undetermined},
		"an operation in a graph":   {graph: func(g *protowire.Message) { g.Message(1, with(node("If", ""), 6, holding(1, node("Run", "evil")))) }, want: audit.Undetermined},
		"an operation in graphs":    {graph: func(g *protowire.Message) { g.Message(1, with(node("If", ""), 11, holding(1, node("Run", "evil")))) }, want: audit.Undetermined},
		"an operation in functions": {model: func(m *protowire.Message) { m.Message(25, holding(7, node("Run", "evil"))) }, want: audit.Undetermined},
	} {
		g := &protowire.Message{}
		g.Message(1, node("Identity", ""))
		in, out := &protowire.Message{}, &protowire.Message{}
		in.String(1, "x")
		out.String(1, "y")
		g.Message(11, in)
		g.Message(12, out)
		if c.graph != nil {
			c.graph(g)
		}
		m := &protowire.Message{}
		m.Int(1, 8)
		m.Message(7, g)
		for _, d := range []string{"", "evil"} {
			o := &protowire.Message{}
			o.String(1, d)
			o.Int(2, 17)
			m.Message(8, o)
		}
		if c.model != nil {
			c.model(m)
		}
		var b bytes.Buffer
		if _, err := m.WriteTo(&b); err != nil {
			t.Fatal(err)
		}
		if r := larder.AuditBytes(b.Bytes(), audit.Policy{Strict: true}); r.Verdict != c.want {
			t.Errorf("%s: %s %v", name, r.Verdict, r.Findings)
		}
	}
}
