// Package audit judges what loading a file in Python would do: policy × pyobj.Doc → findings. It is the only list of
// trust in Larder.
//
// The judgement is by allow-list: exact (module, name) pairs, each with the ways it may be used. What is not listed is
// either refused (standard library, functions of any library, anything reached through a dot) or, where it is merely
// an unknown class, undetermined. There are no prefixes and no wildcards.
//
// # Security
//
// Judged is the trace of all imports and calls, those of dropped objects and of second pickles included, not the
// remaining graph alone. A file that could not be read to its end is never ok; what was seen before the fault is judged
// all the same.
package audit

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/larder-ml/larder/pyobj"
	"github.com/larder-ml/larder/source"
)

// Verdict is the answer for one file.
type Verdict string

// The verdicts. Undetermined is never ok.
const (
	OK           Verdict = "ok"
	Refused      Verdict = "refused"
	Undetermined Verdict = "undetermined"
)

// Promise says what OK means and what it does not. Every report carries it.
const Promise = "ok: loading this file in Python imports and calls only the listed names of scikit-learn, numpy, scipy, joblib and plain Python types, in ways that run no code of the file's choosing; it does not say that the predictions are right or the weights honest"

// Level grades a finding.
type Level string

// The levels, from weakest. Critical findings name what would run.
const (
	Note     Level = "note"
	Warning  Level = "warning"
	Error    Level = "error"
	Critical Level = "critical"
)

// Finding is one thing seen. Offset and Index are -1 where they do not apply.
type Finding struct {
	Rule    string `json:"rule"`
	Level   Level  `json:"level"`
	Symbol  string `json:"symbol,omitempty"`
	Offset  int64  `json:"offset"`
	Index   int    `json:"opcode_index"`
	Path    string `json:"node,omitempty"` // skops: JSON path
	Message string `json:"message"`
}

// Report is the judgement of one file.
type Report struct {
	Path     string    `json:"path"`
	Verdict  Verdict   `json:"verdict"`
	Format   string    `json:"format"`
	Findings []Finding `json:"findings"`
	Imports  []string  `json:"imports"` // every name loading would import, sorted
	Promise  string    `json:"promise"`
	Unread   bool      `json:"-"` // Policy.Unread left something unread
}

// Foreign lists the classes of the author's own code or of other libraries that the file names, trusted by the caller or not.
func (r *Report) Foreign() []string {
	var out []string
	for _, f := range r.Findings {
		if (f.Rule == ruleUnknown || f.Rule == ruleTrusted) && f.Symbol != "" && !slices.Contains(out, f.Symbol) {
			out = append(out, f.Symbol)
		}
	}
	return out
}

// Policy is what the user allows beyond the list.
type Policy struct {
	// Trusted names classes ("__main__.MyTransformer") that may be allocated. Functions can not be trusted.
	Trusted []string
	// Strict makes old opcodes and Python 2 forms a refusal.
	Strict bool
	// Unread leaves the nodes of trees in mapped files unread, which would bring the whole file into memory. It is for
	// whoever walks them with a proof of each step; Report.Unread says that there were some.
	Unread bool
}

// maxFindings bounds a report; the rest is counted.
const maxFindings = 1000

// Judge judges a decoded file.
func Judge(doc *pyobj.Doc, p Policy) *Report {
	j := newJudge(p)
	j.doc(doc)
	for i := range doc.Calls {
		j.judgeEmpty(&doc.Calls[i])
	}
	return j.report(doc)
}

// judgeEmpty refuses trees that are made and given nothing: their compiled code follows a root that is not there.
func (j *judge) judgeEmpty(c *pyobj.Call) {
	if o := c.Result; c.Op != "BUILD" && o != nil && o.State == nil && (o.ClassName() == "sklearn.tree._tree.Tree" || partitionsSpace(o)) {
		j.add(Finding{Rule: ruleIndices, Level: Critical, Symbol: o.ClassName(), Offset: c.Offset, Index: c.Index, Path: c.Path,
			Message: "a tree without nodes"})
	}
}

// Failure judges a file that could not be decoded: err says why, doc (which may be nil) holds what was seen before.
func Failure(err error, doc *pyobj.Doc, p Policy) *Report {
	j := newJudge(p)
	if doc != nil {
		j.doc(doc)
	}
	f := Finding{Rule: ruleMalformed, Level: Error, Offset: offsetOf(err), Index: -1, Message: err.Error()}
	switch {
	case errors.Is(err, source.ErrLimit):
		f.Rule = ruleLimit
	case errors.Is(err, source.ErrUnsupported):
		f.Rule = ruleUnsupported
	case errors.Is(err, source.ErrFormat):
		f.Rule = ruleFormat
	}
	j.add(f)
	return j.report(doc)
}

// offsetOf gives the place an error names.
func offsetOf(err error) int64 {
	var located interface{ Where() int64 }
	if errors.As(err, &located) {
		return located.Where()
	}
	return -1
}

type judge struct {
	policy   Policy
	trusted  map[string]bool
	findings []Finding
	dropped  int
	refuse   bool
	unread   bool
	unsure   bool
	imports  map[string]bool
	seen     map[string]bool
	names    map[*pyobj.Global]known
	depths   []int32                       // of a tree's nodes
	partials map[*pyobj.Object]pyobj.Value // the state that was set last, in the order of the trace
}

func newJudge(p Policy) *judge {
	j := &judge{policy: p, trusted: map[string]bool{}, imports: map[string]bool{}, seen: map[string]bool{}, names: map[*pyobj.Global]known{}, partials: map[*pyobj.Object]pyobj.Value{}}
	for _, n := range p.Trusted {
		j.trusted[n] = true
	}
	return j
}

// add records a finding; its rule decides what it does to the verdict.
func (j *judge) add(f Finding) {
	switch rules[f.Rule].effect {
	case refuses:
		j.refuse = true
	case unsettles:
		j.unsure = true
	}
	key := fmt.Sprint(f.Rule, f.Symbol, f.Message)
	if j.seen[key] {
		return
	}
	j.seen[key] = true
	if len(j.findings) >= maxFindings {
		j.dropped++
		return
	}
	j.findings = append(j.findings, f)
}

func (j *judge) report(doc *pyobj.Doc) *Report {
	r := &Report{Verdict: OK, Findings: j.findings, Imports: []string{}, Promise: Promise, Unread: j.unread}
	if doc != nil {
		r.Format = doc.Format
	}
	switch {
	case j.refuse:
		r.Verdict = Refused
	case j.unsure:
		r.Verdict = Undetermined
	}
	if j.dropped > 0 {
		r.Findings = append(r.Findings, Finding{Rule: ruleMore, Level: Note, Offset: -1, Index: -1, Message: fmt.Sprintf("%d more findings", j.dropped)})
	}
	if r.Findings == nil {
		r.Findings = []Finding{}
	}
	for n := range j.imports {
		r.Imports = append(r.Imports, n)
	}
	sort.Strings(r.Imports)
	return r
}

// doc judges the notes, the imports and the calls.
func (j *judge) doc(d *pyobj.Doc) {
	if d.Python2 {
		j.old(Finding{Level: Note, Offset: -1, Index: -1, Message: "forms of Python 2"})
	}
	for _, n := range d.Notes {
		j.note(n)
	}
	for i := range d.Imports {
		j.imports[j.known(d.Imports[i].Global).text] = true
		j.judgeImport(&d.Imports[i])
	}
	for i := range d.Calls {
		j.judgeCall(&d.Calls[i])
	}
	j.values(d)
}

// old reports an old form: a note, a refusal when the policy is strict.
func (j *judge) old(f Finding) {
	f.Rule = ruleLegacy
	if j.policy.Strict {
		f.Rule, f.Level = ruleLegacyStrict, Error
	}
	j.add(f)
}

func (j *judge) note(n pyobj.Note) {
	f := Finding{Symbol: n.Rule, Offset: n.Offset, Index: -1, Message: n.Message}
	switch {
	case n.Rule == "dotted-name":
		return // judged as an import
	case n.Rule == "legacy-opcode":
		f.Level = Note
		j.old(f)
		return
	case n.Rule == "custom-operations":
		f.Rule, f.Level, f.Symbol = ruleUnknown, Warning, ""
	case n.Level == pyobj.LevelRefuse:
		f.Rule, f.Level = ruleContainer, Error
	case n.Level == pyobj.LevelSuspect:
		f.Rule, f.Level = ruleSuspect, Warning
	default:
		f.Rule, f.Level = ruleNote, Note
	}
	j.add(f)
}

// judgeImport judges one name that loading would import.
func (j *judge) judgeImport(i *pyobj.Import) {
	g := i.Global
	name := j.known(g)
	f := Finding{Symbol: name.text, Offset: i.Offset, Index: i.Index, Path: i.Path}
	switch name.standing {
	case listed:
		return
	case trustedClass:
		f.Rule, f.Level, f.Message = ruleTrusted, Note, fmt.Sprintf("%s is trusted by the caller", g)
	case unknownClass:
		f.Rule, f.Level = ruleUnknown, Warning
		f.Message = fmt.Sprintf("%s would be imported: it is no part of scikit-learn, numpy or scipy that a model needs; its own code would run", g)
	case dotted:
		f.Rule, f.Level = ruleDotted, Critical
		f.Message = fmt.Sprintf("%s reaches through attributes", g)
	default:
		f.Rule, f.Level = ruleImport, Critical
		f.Message = fmt.Sprintf("%s would be imported", g)
	}
	j.add(f)
}

// judgeCall judges one thing that loading would execute.
func (j *judge) judgeCall(c *pyobj.Call) {
	f := Finding{Offset: c.Offset, Index: c.Index, Path: c.Path}
	if c.Op == "BUILD" {
		j.judgeBuild(c, f)
		return
	}
	g, ok := c.Func.(*pyobj.Global)
	if !ok && (unpicklesZone(c) || rebuildsBlock(c) || methodWithKeywords(j, c)) {
		return
	}
	if !ok {
		f.Rule, f.Level = ruleCall, Critical
		f.Message = c.Op + " calls something other than an imported name: " + describe(c.Func)
		j.add(f)
		return
	}
	name := j.known(g)
	f.Symbol = name.text
	var why string
	alloc := strings.HasPrefix(c.Op, "NEWOBJ")
	switch name.standing {
	case listed:
		why = j.checkUse(g, c, alloc)
		if why == "" && c.Result != nil {
			why = j.checkItems(g, c.Result)
		}
		if top, _, _ := strings.Cut(g.Module, "."); why == "" && (top == "pandas" || top == "pyarrow") {
			if why := frameIndices(g.String(), c.Args, nil); why != "" {
				f.Rule, f.Level = ruleIndices, Critical
				f.Message = fmt.Sprintf("%s: %s", g, why)
				j.add(f)
			}
		}
	case trustedClass:
		if !alloc && c.Op != "OBJ" && c.Op != "INST" {
			why = "a trusted class may be allocated, not called"
		}
	case unknownClass:
		if alloc || looksLikeClass(g.Name) {
			return // its import was reported
		}
		why = "a function of unknown code is called"
	default:
		f.Rule, f.Level = ruleCall, Critical
		f.Message = fmt.Sprintf("loading calls %s%s", g, arguments(c.Args))
		j.add(f)
		return
	}
	if why != "" {
		f.Rule, f.Level = ruleArguments, Critical
		f.Message = fmt.Sprintf("%s %s%s: %s", c.Op, g, arguments(c.Args), why)
		j.add(f)
	}
}

// judgeBuild judges the setting of an object's state.
func (j *judge) judgeBuild(c *pyobj.Call, f Finding) {
	o, ok := c.Func.(*pyobj.Object)
	if !ok {
		f.Rule, f.Level = ruleBuild, Critical
		f.Symbol = describe(c.Func)
		f.Message = "state is set on " + describe(c.Func) + ", which would change it for the whole process"
		j.add(f)
		return
	}
	f.Symbol = j.className(o)
	var state pyobj.Value
	if len(c.Args) > 0 {
		state = c.Args[0]
	}
	if f.Symbol == "functools.partial" {
		j.partials[o] = state
	}
	if why := j.checkState(f.Symbol, o, state); why != "" {
		f.Rule, f.Level = ruleState, Critical
		f.Message = fmt.Sprintf("state of %s: %s", f.Symbol, why)
		j.add(f)
		return
	}
	if j.policy.Unread && mappedNodes(f.Symbol, state) {
		j.unread = true
		return
	}
	if why := j.indices(f.Symbol, o, state); why != "" {
		f.Rule, f.Level = ruleIndices, Critical
		f.Message = fmt.Sprintf("state of %s: %s", f.Symbol, why)
		j.add(f)
	}
}

// values looks for what is no import and no call: payloads kept as data for a later load.
func (j *judge) values(d *pyobj.Doc) {
	look := func(v pyobj.Value) bool {
		if what := hidden(v); what != "" {
			j.add(Finding{Rule: ruleHidden, Level: Warning, Offset: -1, Index: -1, Message: what})
		}
		return true
	}
	roots := append([]pyobj.Value{d.Root}, d.Extra...)
	soon := int(min(soonWalked, 4096+4*max(d.Size, d.Stream))) // a file that shares nothing holds fewer values than bytes
	for _, v := range roots {
		if soon == 0 || !pyobj.WalkTree(v, soon/len(roots), func(v pyobj.Value) { look(v) }) {
			soon = 0
			pyobj.Walk(v, look)
		}
	}
	where := make(map[*pyobj.Global]*pyobj.Import, len(d.Imports))
	for i := range d.Imports {
		where[d.Imports[i].Global] = &d.Imports[i]
	}
	j.standings(roots, where, soon)
	if soon == 0 && expanded(roots) > maxExpanded {
		j.add(Finding{Rule: ruleLimit, Level: Error, Offset: -1, Index: -1,
			Message: "shared values nest so that walking them without a memory of what was seen would not end"})
	}
}

// soonWalked is a number of values that is walked sooner as a tree than with a memory of what was seen.
const soonWalked = 1 << 19

// maxDeep is more than a file that is read holds within one another.
const maxDeep = 300_000

// maxExpanded bounds the size of the value written out as a tree; the largest honest files stay below a hundredth.
const maxExpanded = 1 << 32

// expanded counts the nodes of the values as a tree, shared ones each time they are met; cycles count once.
func expanded(roots []pyobj.Value) uint64 {
	done := map[pyobj.Value]uint64{}
	depth := 0 // of files that were refused for theirs as well
	var count func(v pyobj.Value) uint64
	all := func(vs []pyobj.Value) uint64 {
		n := uint64(0)
		for _, v := range vs {
			n = min(n+count(v), 1<<62)
		}
		return n
	}
	pairs := func(es []pyobj.Entry) uint64 {
		n := uint64(0)
		for _, e := range es {
			n = min(n+count(e.Key)+count(e.Value), 1<<62)
		}
		return n
	}
	count = func(v pyobj.Value) uint64 {
		switch v.(type) {
		case *pyobj.List, *pyobj.Tuple, *pyobj.Dict, *pyobj.Set, *pyobj.Object, *pyobj.Array:
		default:
			return 1
		}
		if n, ok := done[v]; ok {
			return n
		}
		done[v] = 1
		n := uint64(1)
		if depth++; depth > maxDeep {
			return 2 * maxExpanded
		}
		defer func() { depth-- }()
		switch x := v.(type) {
		case *pyobj.List:
			n += all(x.Items)
		case *pyobj.Tuple:
			n += all(x.Items)
		case *pyobj.Set:
			n += all(x.Items)
		case *pyobj.Dict:
			n += pairs(x.Entries)
		case *pyobj.Array:
			n += all(x.Objects)
		case *pyobj.Object:
			n += all(x.Args) + count(x.State) + all(x.Items) + pairs(x.Pairs)
		}
		done[v] = n
		return n
	}
	return all(roots)
}

func describe(v pyobj.Value) string {
	switch x := v.(type) {
	case *pyobj.Global:
		return x.String()
	case *pyobj.Object:
		if n := x.ClassName(); n != "" {
			return "an object of " + n
		}
		return "the result of a call"
	}
	return "a value of type " + pyobj.TypeName(v)
}

// arguments shows the first plain arguments of a call.
func arguments(args []pyobj.Value) string {
	var parts []string
	for i, a := range args {
		if i == 3 {
			parts = append(parts, "…")
			break
		}
		switch x := a.(type) {
		case pyobj.Str:
			s := string(x)
			if len(s) > 60 {
				s = strings.ToValidUTF8(s[:60], "") + "…"
			}
			parts = append(parts, fmt.Sprintf("%q", s))
		case pyobj.Int:
			parts = append(parts, fmt.Sprint(int64(x)))
		case *pyobj.Global:
			parts = append(parts, x.String())
		default:
			parts = append(parts, "…")
		}
	}
	return "(" + strings.Join(parts, ", ") + ")"
}
