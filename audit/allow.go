package audit

import (
	_ "embed"
	"iter"
	"strings"
	"sync"

	"github.com/larder-ml/larder/pyobj"
)

//go:embed allow.txt
var allowText string

//go:embed frames.txt
var framesText string

// use is a set of ways a listed name may be used.
type use uint8

const (
	asClass use = 1 << iota // allocated without arguments, or standing as a type
	asTuple                 // a named tuple: allocated with arguments
	asArray                 // named as the class of an array, nowhere else
	asCall                  // called with plain arguments
	asValue                 // standing as a value
)

// uses tells how a name may be used.
func uses(g pyobj.Global) use {
	if m, ok := allowed().Load(g.Module); ok {
		return m.(func() map[string]use)()[g.Name]
	}
	return 0
}

// allowed maps modules to what gives their names, which are taken apart when the first of them is asked for.
var allowed = sync.OnceValue(func() *sync.Map {
	type list struct {
		use   use
		names string
	}
	lists := map[string][]list{}
	kinds := map[string]use{"class": asClass, "tuple": asTuple, "array": asArray, "call": asCall, "value": asValue}
	for head, names := range tableLines() {
		kind, module, _ := strings.Cut(head, " ")
		if u := kinds[kind]; u != 0 {
			lists[module] = append(lists[module], list{u, names})
		}
	}
	for _, n := range plainTypes {
		i := strings.LastIndexByte(n, '.')
		lists[n[:i]] = append(lists[n[:i]], list{asClass, n[i+1:]})
	}
	var m sync.Map
	for module, all := range lists {
		m.Store(module, sync.OnceValue(func() map[string]use {
			names := map[string]use{}
			for _, l := range all {
				for _, n := range strings.Fields(l.names) {
					names[n] |= l.use
				}
			}
			return names
		}))
	}
	return &m
})

// methods are the names that are methods of scikit-learn's classes and never their attributes.
var methods = sync.OnceValue(func() map[string]bool {
	m := map[string]bool{}
	for head, names := range tableLines() {
		if head == "method sklearn" {
			for _, n := range strings.Fields(names) {
				m[n] = true
			}
		}
	}
	return m
})

// tableLines gives the lines of allow.txt and frames.txt: what stands before the colon, and the names behind it.
func tableLines() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for _, table := range []string{allowText, framesText} {
			for line := range strings.Lines(table) {
				if head, names, ok := strings.Cut(line, ":"); ok && !strings.HasPrefix(line, "#") && !yield(head, names) {
					return
				}
			}
		}
	}
}

// plainTypes may stand as types and be allocated: Python's own value types, and the classes of joblib and numpy that
// files name beside those of allow.txt and frames.txt.
var plainTypes = strings.Fields(`
builtins.object builtins.int builtins.float builtins.str builtins.bool builtins.bytes builtins.bytearray builtins.list builtins.tuple
builtins.dict builtins.set builtins.frozenset builtins.slice builtins.range builtins.complex builtins.Ellipsis builtins.NotImplemented builtins.NoneType
__builtin__.object __builtin__.int __builtin__.long __builtin__.float __builtin__.str __builtin__.unicode __builtin__.bool __builtin__.bytes
__builtin__.bytearray __builtin__.list __builtin__.tuple __builtin__.dict __builtin__.set __builtin__.frozenset __builtin__.slice
__builtin__.xrange __builtin__.complex __builtin__.Ellipsis __builtin__.NotImplemented
collections.OrderedDict collections.defaultdict collections.Counter collections.deque
joblib.numpy_pickle.NumpyArrayWrapper joblib.numpy_pickle.NDArrayWrapper joblib.numpy_pickle.ZNDArrayWrapper
joblib.numpy_pickle_compat.NDArrayWrapper joblib.numpy_pickle_compat.ZNDArrayWrapper
sklearn.externals.joblib.numpy_pickle.NumpyArrayWrapper sklearn.externals.joblib.numpy_pickle.NDArrayWrapper
sklearn.externals.joblib.numpy_pickle.ZNDArrayWrapper sklearn.externals.joblib.numpy_pickle_compat.NDArrayWrapper
sklearn.externals.joblib.numpy_pickle_compat.ZNDArrayWrapper
numpy.random._mt19937.MT19937 numpy.random._pcg64.PCG64 numpy.random._pcg64.PCG64DXSM numpy.random._philox.Philox numpy.random._sfc64.SFC64
numpy.random.bit_generator.SeedSequence numpy.random.mtrand.RandomState numpy.random._generator.Generator
numpy.random.RandomState numpy.random.Generator numpy.random.MT19937 numpy.random.PCG64 numpy.random.PCG64DXSM numpy.random.Philox numpy.random.SFC64
numpy.random.SeedSequence
numpy.vectorize numpy.lib.function_base.vectorize numpy.lib._function_base_impl.vectorize
scipy.stats._distn_infrastructure.rv_sample scipy.stats._continuous_distns.rv_histogram
numpy.dtypes.Float64DType numpy.dtypes.Float32DType numpy.dtypes.Int64DType numpy.dtypes.Int32DType numpy.dtypes.ObjectDType numpy.dtypes.BoolDType numpy.dtypes.StrDType
_loss.CyHalfBinomialLoss _loss.CyHalfMultinomialLoss _loss.CyHalfSquaredError _loss.CyHalfPoissonLoss _loss.CyHalfGammaLoss _loss.CyHalfTweedieLoss
_loss.CyHalfTweedieLossIdentity _loss.CyAbsoluteError _loss.CyPinballLoss _loss.CyHuberLoss _loss.CyExponentialLoss
builtins.FutureWarning builtins.DeprecationWarning builtins.UserWarning builtins.RuntimeWarning
exceptions.FutureWarning exceptions.DeprecationWarning exceptions.UserWarning exceptions.RuntimeWarning
zoneinfo.ZoneInfo datetime.date datetime.datetime datetime.time datetime.timedelta datetime.timezone decimal.Decimal
sklearn.utils.deprecation.DeprecationDict sklearn.utils.fixes.MaskedArray sklearn.lda.LDA sklearn.qda.QDA
sklearn.externals.joblib.memory.Memory joblib.memory.Memory sklearn.externals.joblib.logger.Logger joblib.logger.Logger
joblib._store_backends.FileSystemStoreBackend sklearn.externals.joblib._store_backends.FileSystemStoreBackend
`)

// standing is how a name is known.
type standing uint8

const (
	forbidden standing = iota
	listed
	trustedClass
	unknownClass
	dotted
)

// known is what the judge found of a name.
type known struct {
	text     string
	standing standing
}

// known looks a name up.
func (j *judge) known(g *pyobj.Global) known {
	k, ok := j.names[g]
	if !ok {
		k = known{g.String(), j.stands(g)}
		j.names[g] = k
	}
	return k
}

func (j *judge) standing(g *pyobj.Global) standing { return j.known(g).standing }

// className is o.ClassName.
func (j *judge) className(o *pyobj.Object) string {
	if g, ok := o.Class.(*pyobj.Global); ok && g.Name != "_reconstructor" {
		return j.known(g).text
	}
	return o.ClassName()
}

func (j *judge) stands(g *pyobj.Global) standing {
	if uses(*g) != 0 || forms()[*g] != nil {
		return listed
	}
	if strings.ContainsAny(g.Name, ".") || g.Name == "" || strings.HasPrefix(g.Name, "__") {
		return dotted
	}
	if j.trusted[g.String()] && looksLikeClass(g.Name) && !runs(g.Module) {
		return trustedClass
	}
	if listedWholly(g.Module) {
		return forbidden
	}
	return unknownClass
}

// looksLikeClass tells a class from a function by its spelling: the first letter after underscores is a capital.
func looksLikeClass(name string) bool {
	n := strings.TrimLeft(name, "_")
	return n != "" && n[0] >= 'A' && n[0] <= 'Z'
}

// listedWholly reports modules whose every honest name is in the table: what is not listed there is refused, not unknown.
func listedWholly(module string) bool {
	top, _, _ := strings.Cut(module, ".")
	switch top {
	case "numpy", "scipy", "joblib", "sklearn", "pandas", "pyarrow", "_loss", "":
		return true
	}
	return runs(module)
}

// runs reports the standard library and libraries whose purpose is to load or run code.
func runs(module string) bool {
	top, _, _ := strings.Cut(module, ".")
	return stdlib()[top] || module != strings.TrimSpace(module)
}

var stdlib = sync.OnceValue(func() map[string]bool { return fieldSet(stdlibNames + loaders) })

var onlyStdlib = sync.OnceValue(func() map[string]bool { return fieldSet(stdlibNames) })

// StandardLibrary reports a module of Python 2.7's to 3.14's own library.
func StandardLibrary(module string) bool {
	top, _, _ := strings.Cut(module, ".")
	return onlyStdlib()[top]
}

func fieldSet(list string) map[string]bool {
	m := map[string]bool{}
	for _, n := range strings.Fields(list) {
		m[n] = true
	}
	return m
}

// loaders are libraries that load, compile or run what they are given.
const loaders = `
torch dill cloudpickle mlflow jinja2 cffi tensorflow keras onnxruntime numba cython Cython pip setuptools pkg_resources wheel
picklescan modelscan fickling IPython ipykernel notebook jupyter tornado requests urllib3 httpx aiohttp boto3 botocore paramiko fsspec
psutil pexpect sh plumbum invoke fabric celery ray dask distributed pyspark sqlalchemy cryptography yaml ruamel toml
threadpoolctl pytest nose py _pytest win32api pywin32 matplotlib PIL cv2 h5py tables pyarrow_hotfix gym
`

// stdlibNames are the top-level modules of Python 2.7 to 3.14.
const stdlibNames = `
__future__ __main__builtin__ _abc _aix_support _ast _asyncio _bisect _blake2 _bootsubprocess _bz2 _codecs _codecs_cn _codecs_hk
_codecs_iso2022 _codecs_jp _codecs_kr _codecs_tw _collections _collections_abc _compat_pickle _compression _contextvars _crypt _csv
_ctypes _curses _curses_panel _datetime _dbm _decimal _elementtree _frozen_importlib _frozen_importlib_external _functools _gdbm _hashlib
_heapq _imp _interpchannels _interpqueues _interpreters _io _json _locale _lsprof _lzma _markupbase _md5 _msi _multibytecodec _multiprocessing
_opcode _operator _osx_support _overlapped _pickle _posixshmem _posixsubprocess _py_abc _pydecimal _pyio _pyrepl _queue _random _scproxy _sha1
_sha2 _sha256 _sha3 _sha512 _signal _sitebuiltins _socket _sqlite3 _sre _ssl _stat _statistics _string _strptime _struct _suggestions _symtable
_sysconfig _thread _threading_local _tkinter _tokenize _tracemalloc _typing _uuid _warnings _weakref _weakrefset _winapi _wmi _xxsubinterpreters
_zoneinfo _zstd abc aifc annotationlib anydbm antigravity argparse array ast asynchat asyncio asyncore atexit audioop base64 bdb binascii binhex bisect
builtins __builtin__ bz2 cPickle cProfile cStringIO calendar cgi cgitb chunk cmath cmd code codecs codeop collections colorsys commands compileall
compiler compression concurrent configparser ConfigParser contextlib contextvars cookielib Cookie copy copy_reg copyreg crypt csv ctypes curses dataclasses
datetime dbhash dbm decimal difflib dircache dis distutils doctest dumbdbm dummy_thread dummy_threading email encodings ensurepip enum errno
exceptions faulthandler fcntl filecmp fileinput fnmatch formatter fpectl fractions ftplib functools future_builtins gc gdbm genericpath getopt getpass gettext
glob graphlib grp gzip hashlib heapq hmac hotshot html htmlentitydefs htmllib HTMLParser http httplib idlelib imageop imaplib imghdr imp importlib imputil inspect
io ipaddress itertools json keyword lib2to3 linecache locale logging lzma macpath mailbox mailcap marshal math md5 mhlib mimetools mimetypes MimeWriter mimify
mmap modulefinder msilib msvcrt multifile multiprocessing mutex netrc new nis nntplib nt ntpath nturl2path numbers opcode operator optparse os os2emxpath
ossaudiodev parser pathlib pdb pickle pickletools pipes pkgutil platform plistlib popen2 poplib posix posixfile posixpath pprint profile pstats pty
pwd py_compile pyclbr pydoc pydoc_data pyexpat queue Queue quopri random re readline repr reprlib resource rexec rfc822 rlcompleter robotparser runpy
sched secrets select selectors sets sgmllib sha shelve shlex shutil signal site sitecustomize smtpd smtplib sndhdr socket SocketServer socketserver spwd
sqlite3 sre sre_compile sre_constants sre_parse ssl stat statistics statvfs string StringIO stringprep struct subprocess sunau symbol symtable sys
sysconfig syslog tabnanny tarfile telnetlib tempfile termios test textwrap this thread threading time timeit tkinter Tkinter token tokenize tomllib
trace traceback tracemalloc tty ttk turtle turtledemo types typing unicodedata unittest urllib urllib2 urlparse user UserDict UserList UserString uu uuid venv
warnings wave weakref webbrowser whichdb winreg _winreg winsound wsgiref xdrlib xml xmlrpc xmlrpclib xxlimited zipapp zipfile zipimport zlib zoneinfo
nt posix ntpath idlelib antigravity pyrepl
`
