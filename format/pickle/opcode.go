package pickle

// Opcode is one byte of the pickle machine's language. The pictures show the stack before and after, top at the
// right; [ is a MARK and everything above it.
type Opcode byte

// The 68 opcodes of protocols 0 to 5.
const (
	opMark            Opcode = '('  //              → [
	opStop            Opcode = '.'  // value        →           end, value is the result
	opPop             Opcode = '0'  // any          →
	opPopMark         Opcode = '1'  // [ any…       →
	opDup             Opcode = '2'  // any          → any any
	opFloat           Opcode = 'F'  //              → float     text, newline
	opInt             Opcode = 'I'  //              → int|bool  text, newline
	opBinInt          Opcode = 'J'  //              → int       4 bytes signed
	opBinInt1         Opcode = 'K'  //              → int       1 byte
	opLong            Opcode = 'L'  //              → int       text, newline
	opBinInt2         Opcode = 'M'  //              → int       2 bytes
	opNone            Opcode = 'N'  //              → None
	opPersID          Opcode = 'P'  //              → object    text, newline
	opBinPersID       Opcode = 'Q'  // id           → object
	opReduce          Opcode = 'R'  // func args    → func(*args)
	opString          Opcode = 'S'  //              → str       quoted text, newline (Python 2)
	opBinString       Opcode = 'T'  //              → str       4-byte length (Python 2)
	opShortBinString  Opcode = 'U'  //              → str       1-byte length (Python 2)
	opUnicode         Opcode = 'V'  //              → str       raw-unicode-escape, newline
	opBinUnicode      Opcode = 'X'  //              → str       4-byte length
	opAppend          Opcode = 'a'  // list any     → list
	opBuild           Opcode = 'b'  // object state → object    with its state set
	opGlobal          Opcode = 'c'  //              → global    two lines: module, name
	opDict            Opcode = 'd'  // [ k v…       → dict
	opEmptyDict       Opcode = '}'  //              → dict
	opAppends         Opcode = 'e'  // list [ any…  → list
	opGet             Opcode = 'g'  //              → memo[n]   text, newline
	opBinGet          Opcode = 'h'  //              → memo[n]   1 byte
	opInst            Opcode = 'i'  // [ args…      → object    two lines: module, name
	opLongBinGet      Opcode = 'j'  //              → memo[n]   4 bytes
	opList            Opcode = 'l'  // [ any…       → list
	opEmptyList       Opcode = ']'  //              → list
	opObj             Opcode = 'o'  // [ cls args…  → object
	opPut             Opcode = 'p'  // any          → any       memo[n] = any; text, newline
	opBinPut          Opcode = 'q'  // any          → any       memo[n] = any; 1 byte
	opLongBinPut      Opcode = 'r'  // any          → any       memo[n] = any; 4 bytes
	opSetItem         Opcode = 's'  // dict k v     → dict
	opTuple           Opcode = 't'  // [ any…       → tuple
	opEmptyTuple      Opcode = ')'  //              → tuple
	opSetItems        Opcode = 'u'  // dict [ k v…  → dict
	opBinFloat        Opcode = 'G'  //              → float     8 bytes, big-endian
	opProto           Opcode = 0x80 //              →           1 byte: protocol
	opNewObj          Opcode = 0x81 // cls args     → object
	opExt1            Opcode = 0x82 //              → global    1-byte registry code
	opExt2            Opcode = 0x83 //              → global    2-byte registry code
	opExt4            Opcode = 0x84 //              → global    4-byte registry code
	opTuple1          Opcode = 0x85 // a            → (a,)
	opTuple2          Opcode = 0x86 // a b          → (a, b)
	opTuple3          Opcode = 0x87 // a b c        → (a, b, c)
	opNewTrue         Opcode = 0x88 //              → True
	opNewFalse        Opcode = 0x89 //              → False
	opLong1           Opcode = 0x8a //              → int       1-byte length, two's complement
	opLong4           Opcode = 0x8b //              → int       4-byte length, two's complement
	opBinBytes        Opcode = 'B'  //              → bytes     4-byte length
	opShortBinBytes   Opcode = 'C'  //              → bytes     1-byte length
	opShortBinUnicode Opcode = 0x8c //              → str       1-byte length
	opBinUnicode8     Opcode = 0x8d //              → str       8-byte length
	opBinBytes8       Opcode = 0x8e //              → bytes     8-byte length
	opEmptySet        Opcode = 0x8f //              → set
	opAddItems        Opcode = 0x90 // set [ any…   → set
	opFrozenSet       Opcode = 0x91 // [ any…       → frozenset
	opNewObjEx        Opcode = 0x92 // cls args kw  → object
	opStackGlobal     Opcode = 0x93 // module name  → global
	opMemoize         Opcode = 0x94 // any          → any       memo[len(memo)] = any
	opFrame           Opcode = 0x95 //              →           8-byte length of what follows
	opByteArray8      Opcode = 0x96 //              → bytearray 8-byte length
	opNextBuffer      Opcode = 0x97 //              → buffer    out of band
	opReadonlyBuffer  Opcode = 0x98 // buffer       → buffer
)

// form says how an opcode's argument is written.
type form uint8

const (
	none form = iota
	u1
	u2
	i4
	u4
	u8
	f8
	line    // to the next newline
	lines   // two of them
	counted // behind a length of opInfo.width bytes
)

type opInfo struct {
	name   string
	proto  uint8
	arg    form
	width  uint8 // bytes of the length, counted only
	legacy bool  // never written at protocol 2 or later by CPython 3
	cost   uint8 // bytes of the value made and of what walks remember of it, see charge
}

// ops is indexed by opcode; an empty name is no opcode.
var ops = [256]opInfo{
	opMark:            {name: "MARK"},
	opStop:            {name: "STOP"},
	opPop:             {name: "POP"},
	opPopMark:         {name: "POP_MARK", proto: 1},
	opDup:             {name: "DUP", legacy: true},
	opFloat:           {name: "FLOAT", arg: line, legacy: true, cost: 16},
	opInt:             {name: "INT", arg: line, legacy: true, cost: 16},
	opBinInt:          {name: "BININT", proto: 1, arg: i4, cost: 8},
	opBinInt1:         {name: "BININT1", proto: 1, arg: u1},
	opLong:            {name: "LONG", arg: line, legacy: true, cost: 40},
	opBinInt2:         {name: "BININT2", proto: 1, arg: u2, cost: 8},
	opNone:            {name: "NONE"},
	opPersID:          {name: "PERSID", arg: line, legacy: true, cost: 48},
	opBinPersID:       {name: "BINPERSID", proto: 1, cost: 32},
	opReduce:          {name: "REDUCE", cost: 240},
	opString:          {name: "STRING", arg: line, legacy: true, cost: 48},
	opBinString:       {name: "BINSTRING", proto: 1, arg: counted, width: 4, legacy: true, cost: 32},
	opShortBinString:  {name: "SHORT_BINSTRING", proto: 1, arg: counted, width: 1, legacy: true, cost: 32},
	opUnicode:         {name: "UNICODE", arg: line, legacy: true, cost: 48},
	opBinUnicode:      {name: "BINUNICODE", proto: 1, arg: counted, width: 4, cost: 32},
	opAppend:          {name: "APPEND"},
	opBuild:           {name: "BUILD", cost: 112},
	opGlobal:          {name: "GLOBAL", arg: lines, cost: 200},
	opDict:            {name: "DICT", legacy: true, cost: 184},
	opEmptyDict:       {name: "EMPTY_DICT", proto: 1, cost: 176},
	opAppends:         {name: "APPENDS", proto: 1},
	opGet:             {name: "GET", arg: line, legacy: true},
	opBinGet:          {name: "BINGET", proto: 1, arg: u1},
	opInst:            {name: "INST", arg: lines, legacy: true, cost: 255},
	opLongBinGet:      {name: "LONG_BINGET", proto: 1, arg: u4},
	opList:            {name: "LIST", legacy: true, cost: 160},
	opEmptyList:       {name: "EMPTY_LIST", proto: 1, cost: 160},
	opObj:             {name: "OBJ", proto: 1, legacy: true, cost: 240},
	opPut:             {name: "PUT", arg: line, legacy: true},
	opBinPut:          {name: "BINPUT", proto: 1, arg: u1},
	opLongBinPut:      {name: "LONG_BINPUT", proto: 1, arg: u4},
	opSetItem:         {name: "SETITEM"},
	opTuple:           {name: "TUPLE", cost: 160},
	opEmptyTuple:      {name: "EMPTY_TUPLE", proto: 1, cost: 96},
	opSetItems:        {name: "SETITEMS", proto: 1},
	opBinFloat:        {name: "BINFLOAT", proto: 1, arg: f8, cost: 8},
	opProto:           {name: "PROTO", proto: 2, arg: u1},
	opNewObj:          {name: "NEWOBJ", proto: 2, cost: 240},
	opExt1:            {name: "EXT1", proto: 2, arg: u1, cost: 72},
	opExt2:            {name: "EXT2", proto: 2, arg: u2, cost: 72},
	opExt4:            {name: "EXT4", proto: 2, arg: i4, cost: 72},
	opTuple1:          {name: "TUPLE1", proto: 2, cost: 160},
	opTuple2:          {name: "TUPLE2", proto: 2, cost: 176},
	opTuple3:          {name: "TUPLE3", proto: 2, cost: 192},
	opNewTrue:         {name: "NEWTRUE", proto: 2},
	opNewFalse:        {name: "NEWFALSE", proto: 2},
	opLong1:           {name: "LONG1", proto: 2, arg: counted, width: 1, cost: 32},
	opLong4:           {name: "LONG4", proto: 2, arg: counted, width: 4, cost: 40},
	opBinBytes:        {name: "BINBYTES", proto: 3, arg: counted, width: 4, cost: 24},
	opShortBinBytes:   {name: "SHORT_BINBYTES", proto: 3, arg: counted, width: 1, cost: 24},
	opShortBinUnicode: {name: "SHORT_BINUNICODE", proto: 4, arg: counted, width: 1, cost: 32},
	opBinUnicode8:     {name: "BINUNICODE8", proto: 4, arg: counted, width: 8, cost: 32},
	opBinBytes8:       {name: "BINBYTES8", proto: 4, arg: counted, width: 8, cost: 24},
	opEmptySet:        {name: "EMPTY_SET", proto: 4, cost: 184},
	opAddItems:        {name: "ADDITEMS", proto: 4},
	opFrozenSet:       {name: "FROZENSET", proto: 4, cost: 184},
	opNewObjEx:        {name: "NEWOBJ_EX", proto: 4, cost: 240},
	opStackGlobal:     {name: "STACK_GLOBAL", proto: 4, cost: 120},
	opMemoize:         {name: "MEMOIZE", proto: 4},
	opFrame:           {name: "FRAME", proto: 4, arg: u8},
	opByteArray8:      {name: "BYTEARRAY8", proto: 5, arg: counted, width: 8, cost: 48},
	opNextBuffer:      {name: "NEXT_BUFFER", proto: 5},
	opReadonlyBuffer:  {name: "READONLY_BUFFER", proto: 5},
}

// String gives the opcode's name in pickletools.
func (o Opcode) String() string { return ops[o].name }
