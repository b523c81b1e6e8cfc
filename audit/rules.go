package audit

// The rules, by their stable ids.
const (
	ruleImport       = "LRD001"
	ruleCall         = "LRD002"
	ruleArguments    = "LRD003"
	ruleDotted       = "LRD004"
	ruleBuild        = "LRD005"
	ruleState        = "LRD006"
	ruleValue        = "LRD007"
	ruleIndices      = "LRD008"
	ruleUnknown      = "LRD010"
	ruleTrusted      = "LRD011"
	ruleContainer    = "LRD020"
	ruleSuspect      = "LRD021"
	ruleNote         = "LRD022"
	ruleHidden       = "LRD023"
	ruleLegacy       = "LRD030"
	ruleLegacyStrict = "LRD031"
	ruleMalformed    = "LRD040"
	ruleLimit        = "LRD041"
	ruleUnsupported  = "LRD042"
	ruleFormat       = "LRD043"
	ruleMore         = "LRD090"
)

type effect uint8

const (
	reports   effect = iota
	unsettles        // the verdict is at best undetermined
	refuses
)

// Rule is one reason for a finding.
type Rule struct {
	ID     string `json:"id"`
	Title  string `json:"title"`
	Reason string `json:"reason"`
	Fix    string `json:"fix"`
	Effect string `json:"effect"` // "refused", "undetermined" or "reported"

	effect effect
}

var rules = func() map[string]Rule {
	m := map[string]Rule{}
	for _, r := range ruleList {
		r.Effect = map[effect]string{reports: "reported", unsettles: "undetermined", refuses: "refused"}[r.effect]
		m[r.ID] = r
	}
	return m
}()

var ruleList = []Rule{
	{ID: ruleImport, effect: refuses, Title: "forbidden import",
		Reason: "Loading would import a name that no scikit-learn model needs; importing alone can run code, and the name can be called.",
		Fix:    "Do not load the file. If it is yours, save the model again without the object that refers to this name."},
	{ID: ruleCall, effect: refuses, Title: "forbidden call",
		Reason: "Loading would call a function that is not one of those by which honest model files rebuild arrays and estimators.",
		Fix:    "Do not load the file."},
	{ID: ruleArguments, effect: refuses, Title: "known callable with arguments no honest file gives it",
		Reason: "A helper that honest files call can be made to build or run something else by its arguments.",
		Fix:    "Do not load the file."},
	{ID: ruleDotted, effect: refuses, Title: "name reached through attributes",
		Reason: "A dot in a name walks from an allowed module to anything that module imported.",
		Fix:    "Do not load the file."},
	{ID: ruleBuild, effect: refuses, Title: "state set on something that is no instance",
		Reason: "Setting state on a class or function changes it for the whole process.",
		Fix:    "Do not load the file."},
	{ID: ruleState, effect: refuses, Title: "state that replaces behaviour",
		Reason: "An attribute named like a method, or with double underscores, replaces what the object does when it is used.",
		Fix:    "Do not load the file."},
	{ID: ruleValue, effect: refuses, Title: "callable where only data belongs",
		Reason: "A helper that honest files only call stands as a value, where the model would call it later with arguments of its own.",
		Fix:    "Do not load the file."},
	{ID: ruleIndices, effect: refuses, Title: "indices that lead outside their array",
		Reason: "scikit-learn's compiled trees follow their indices unchecked: predicting would read foreign memory or never end.",
		Fix:    "Do not load the file; it is damaged or made to harm."},
	{ID: ruleUnknown, effect: unsettles, Title: "class of the author's own code or another library",
		Reason: "Loading would import and run code that is not in this file and that Larder does not know.",
		Fix:    "If you know the class, allow it by its exact name with --trusted; or use --select to take a part that does not need it."},
	{ID: ruleTrusted, effect: reports, Title: "class trusted by the caller",
		Reason: "The caller allowed this class by name.", Fix: ""},
	{ID: ruleContainer, effect: refuses, Title: "irregular container or stream",
		Reason: "The file is built so that two readers can see different things in it, or holds bytes that nothing explains.",
		Fix:    "Ask for the file to be saved again by the tool that owns the format."},
	{ID: ruleSuspect, effect: reports, Title: "unusual form", Reason: "Legal, but no common tool writes it.", Fix: ""},
	{ID: ruleNote, effect: reports, Title: "remark", Reason: "", Fix: ""},
	{ID: ruleHidden, effect: reports, Title: "data that is itself a pickle",
		Reason: "Text or bytes inside the model begin like a pickle; loading this file does not run them, other code might.",
		Fix:    "Find out what reads them."},
	{ID: ruleLegacy, effect: reports, Title: "old opcodes or Python 2 forms",
		Reason: "Written by old releases; readable, but strict readers refuse them.", Fix: "Save again with a current release (larder convert)."},
	{ID: ruleLegacyStrict, effect: refuses, Title: "old opcodes or Python 2 forms",
		Reason: "The strict policy takes only what current releases write.", Fix: "Use --legacy, or save again with a current release."},
	{ID: ruleMalformed, effect: unsettles, Title: "malformed", Reason: "The file could not be read to its end.", Fix: "Fetch the file again."},
	{ID: ruleLimit, effect: unsettles, Title: "over a limit", Reason: "Reading the file would take more than it is allowed.", Fix: "Raise the limit if the file is honest."},
	{ID: ruleUnsupported, effect: unsettles, Title: "form not supported", Reason: "The file uses a form Larder does not read.", Fix: ""},
	{ID: ruleFormat, effect: unsettles, Title: "unknown format", Reason: "The bytes are of no known format.", Fix: ""},
	{ID: ruleMore, effect: reports, Title: "list cut", Reason: "Only the first 1,000 findings are listed.", Fix: ""},
}

// Rules lists all rules.
func Rules() []Rule {
	out := make([]Rule, len(ruleList))
	for i, r := range ruleList {
		out[i] = rules[r.ID]
	}
	return out
}
