"""Names that act when they are called: each is blocked, by whatever way it is reached.

Ids are of public advisories about scanners that passed over the name.
"""

from __future__ import annotations

import base64
import bz2
import gzip
import lzma
import zlib

import pytest

from assay.core.finding import Verdict
from scanning.pickle_making import Made, after, build, call, code, name, new, of, stream, verdict

STANDARD = """
__builtin__.apply __builtin__.eval __builtin__.file __builtin__.reload _codecs.lookup
_interpreters.run_string _io.FileIO _io.open _pickle.load _pickle.loads
_posixsubprocess.fork_exec _thread.start_new_thread _winapi.CreateProcess
_xxsubinterpreters.run_string antigravity.geohash argparse.ArgumentParser argparse.FileType
ast.literal_eval ast.parse asyncio.create_subprocess_shell asyncio.run
asyncio.subprocess.create_subprocess_exec
asyncio.unix_events._UnixSubprocessTransport._start atexit.register bdb.Bdb bdb.Bdb.run
bdb.runeval builtins.__import__ builtins.breakpoint builtins.compile builtins.delattr
builtins.eval builtins.exec builtins.filter builtins.getattr builtins.globals builtins.help
builtins.input builtins.map builtins.memoryview builtins.open builtins.print
builtins.setattr builtins.type builtins.vars bz2.open cPickle.loads cProfile.run
cProfile.runctx cgi.test cgitb.handler code.InteractiveInterpreter
code.InteractiveInterpreter.runcode code.interact codecs.decode codecs.lookup codecs.open
codeop.compile_command collections.namedtuple commands.getoutput commands.getstatusoutput
compileall.compile_dir compileall.compile_file concurrent.futures.ThreadPoolExecutor
concurrent.futures.process.ProcessPoolExecutor configparser.ConfigParser
contextlib.ExitStack contextlib.contextmanager copy.copy copy.deepcopy copyreg.add_extension
copyreg.pickle crypt.crypt csv.reader ctypes.CDLL ctypes.CFUNCTYPE ctypes.cdll.LoadLibrary
ctypes.memmove ctypes.string_at ctypes.util.find_library dataclasses.make_dataclass dbm.open
dis.dis distutils.core.run_setup distutils.file_util.write_file distutils.spawn.spawn
doctest.debug_script doctest.testsource ensurepip._run_pip ensurepip.bootstrap enum.property
faulthandler._sigsegv faulthandler.dump_traceback_later fileinput.FileInput fileinput.input
ftplib.FTP functools.partialmethod functools.reduce gc.get_objects gc.get_referrers
getopt.getopt getpass.getpass gettext.translation glob.glob gzip.open
http.client.HTTPSConnection http.server.HTTPServer
idlelib.autocomplete.AutoComplete.get_entity idlelib.calltip.get_entity
idlelib.debugobj.ObjectTreeItem.SetText idlelib.pyshell.ModifiedInterpreter.runcommand
idlelib.run.Executive.runcode imaplib.IMAP4 imaplib.IMAP4_stream importlib._bootstrap._exec
importlib.import_module importlib.machinery.SourceFileLoader
importlib.util.spec_from_file_location inspect.currentframe inspect.getattr_static
inspect.getsource io.FileIO io.open io.open_code json.load lib2to3.main.main
lib2to3.pgen2.grammar.Grammar.loads lib2to3.pgen2.pgen.ParserGenerator.make_label
linecache.getlines linecache.updatecache locale.setlocale logging.FileHandler
logging.basicConfig logging.config.dictConfig logging.config.fileConfig
logging.config.listen lzma.open mailcap.findmatch mailcap.subst marshal.load marshal.loads
mmap.mmap modulefinder.ModuleFinder msvcrt.getch multiprocessing.Process
multiprocessing.connection.Client multiprocessing.pool.Pool multiprocessing.popen_fork.Popen
multiprocessing.reduction.rebuild_handle multiprocessing.util.spawnv_passfds netrc.netrc
nntplib.NNTP nt.startfile nt.system optparse.OptionParser os.execv os.execvp os.fork os.kill
os.listdir os.open os.popen os.posix_spawn os.posix_spawnp os.putenv os.rename os.spawnl
os.spawnv os.startfile os.system os.unlink pdb.Pdb pdb.run pickle.Unpickler pickle.load
pickletools.dis pkgutil.get_data pkgutil.resolve_name platform._syscmd_file platform.popen
plistlib.load popen2.popen3 poplib.POP3 posix.posix_spawn posix.system profile.Profile.run
profile.run pty.spawn py_compile.compile pyclbr.readmodule pydoc.help pydoc.locate
pydoc.pipepager pydoc.safeimport pydoc.tempfilepager queue.Queue random._os.system
random._urandom readline.read_init_file resource.setrlimit
rlcompleter.Completer.attr_matches runpy._run_code runpy.run_path sched.scheduler
select.select selectors.DefaultSelector shelve.open shlex.split shutil.copyfile
shutil.rmtree shutil.unpack_archive signal.signal site.addsitedir site.execsitecustomize
site.main smtplib.SMTP socket.create_connection socket.gethostbyname socket.socket
sqlite3.Connection.load_extension sqlite3.connect ssl.SSLContext ssl.get_server_certificate
statistics.math string.Formatter.vformat string._string.formatter_parser subprocess.Popen
subprocess.call subprocess.check_output subprocess.getoutput subprocess.run
symtable.symtable sys.exit sys.modules.__setitem__ sys.modules.get sys.setprofile
sys.settrace sysconfig.get_config_h_filename tabnanny.check tarfile.open telnetlib.Telnet
tempfile.NamedTemporaryFile tempfile.mktemp this.s thread.start_new_thread threading.Thread
threading.Timer timeit.Timer timeit.repeat timeit.timeit tkinter.Tk tokenize.open
trace.Trace trace.Trace.run traceback.print_exc tracemalloc.start turtle.config_dict
types.coroutine types.new_class types.prepare_class types.resolve_bases
typing.get_type_hints unittest.TestProgram unittest.main unittest.mock._importer
unittest.mock.patch urllib.request.urlopen urllib.request.urlretrieve urllib.urlopen
uuid._get_command_stdout uuid._popen uuid.getnode venv.EnvBuilder venv.create
warnings.showwarning weakref.finalize weakref.proxy weakref.ref webbrowser.get
webbrowser.open winreg.CreateKey wsgiref.simple_server.make_server xmlrpc.client.ServerProxy
zipfile.ZipFile zipimport.zipimporter zoneinfo.reset_tzpath
""".split()
"""Of the standard library."""

LIBRARIES = """
Crypto.Util.number.long_to_bytes Cython.Build.Inline.cython_inline
IPython.core.interactiveshell.InteractiveShell.run_cell IPython.get_ipython
IPython.start_ipython IPython.utils.process.system PIL.Image.open PIL.ImageMath.eval
PIL.ImageMath.unsafe_eval PIL.ImageShow.show PyInstaller.__main__.run
RestrictedPython.compile_restricted _testcapi.run_in_subinterp
accelerate.commands.launch.main accelerate.utils.other.load aiohttp.ClientSession
asteval.Interpreter bokeh.server.server.Server boto3.client botocore.session.get_session
catboost.CatBoost.load_model catboost.Pool catboost.core.CatBoost.load_model celery.Celery
cffi.FFI cffi.api.FFI.dlopen cffi.verifier.Verifier cloudpickle.cloudpickle.loads
cloudpickle.load cloudpickle.loads cppyy.cppdef cryptography.fernet.Fernet cupy.RawKernel
cupy.RawModule cython.inline dask.distributed.Client datasets.load.import_main_class
datasets.load.load_dataset datasets.load_dataset detectron2.config.LazyConfig.load
diffusers.DiffusionPipeline.from_pretrained dill._dill._create_capsule
dill._dill._create_filehandle dill._dill._eval_repr dill._dill._unmarshal dill._dill.loads
dill._objects dill.load dill.loads dill.session.load_module dill.source._import
dill.source.getsource distributed.Client django.core.files.File docker.from_env execjs.eval
fabric.Connection fastai.data.external.untar_data fastai.learner.load_learner
flask.Flask.run fsspec.open gcsfs.GCSFileSystem gdown.download
gensim.models.KeyedVectors.load gensim.models.keyedvectors.KeyedVectors.load_word2vec_format
gensim.utils.unpickle gradio.Interface h5py.File httpx.get huggingface_hub.hf_hub_download
huggingface_hub.snapshot_download hydra._internal.instantiate._instantiate2.instantiate
hydra.utils.instantiate invoke.run ipykernel.kernelapp.launch_new_instance
jinja2.Environment jinja2.Template joblib.Parallel
joblib._parallel_backends.SequentialBackend.apply_async joblib.dump
joblib.externals.cloudpickle.loads
joblib.externals.loky.process_executor.ProcessPoolExecutor joblib.load
joblib.numpy_pickle.load js2py.eval_js jupyter_client.manager.start_new_kernel
kafka.KafkaProducer keras.layers.Lambda keras.models.load_model
keras.src.layers.core.lambda_layer.Lambda keras.src.saving.saving_lib.load_model
keras.src.utils.file_utils.get_file keras.utils.get_file keyring.get_password
lightgbm.Booster llvmlite.binding.load_library_permanently lupa.LuaRuntime
mako.template.Template matplotlib.pyplot.savefig mlflow.projects.run
mlflow.pyfunc.load_model mmengine.config.Config.fromfile
modelscope.hub.snapshot_download.snapshot_download nbconvert.exporters.export
networkx.nx_agraph.view_pygraphviz networkx.read_gml networkx.readwrite.gpickle.read_gpickle
nltk.corpus.util.LazyCorpusLoader nltk.data.load nltk.download nltk.downloader.download
nltk.internals.java nose.run numba.core.serialize._rebuild_function
numba.core.serialize._unpickle__CustomPickled numba.pycc.CC numexpr.evaluate
numexpr.necompiler.evaluate numpy.DataSource numpy.core.exec_command
numpy.ctypeslib.load_library numpy.distutils.exec_command.exec_command numpy.f2py.compile
numpy.f2py.crackfortran.getlincoef numpy.fromfile numpy.fromregex numpy.genfromtxt
numpy.lib.npyio.load numpy.load numpy.loadtxt numpy.savetxt
numpy.testing._private.utils.measure numpy.testing._private.utils.runstring numpy.tofile
omegaconf.OmegaConf.register_new_resolver onnx.load onnxruntime.InferenceSession
pandas.DataFrame.query pandas.HDFStore pandas.compat.pickle_compat.load
pandas.core.computation.eval.eval pandas.core.frame.DataFrame.eval
pandas.core.frame.DataFrame.to_csv pandas.core.frame.DataFrame.to_pickle
pandas.core.generic.NDFrame.to_csv pandas.core.series.Series.to_pickle pandas.eval
pandas.io.common.get_handle pandas.io.pickle.read_pickle pandas.io.sql.execute
pandas.read_csv pandas.read_pickle paramiko.SSHClient peft.PeftModel.from_pretrained
pexpect.run pexpect.spawn pip._internal.main pip._internal.utils.subprocess.call_subprocess
pip._vendor.distlib.scripts.ScriptMaker pip.main playwright.sync_api.sync_playwright
plumbum.local polars.io.csv.functions.read_csv polars.read_csv psutil.Popen psycopg2.connect
ptyprocess.PtyProcess.spawn pyarrow.OSFile pyarrow.fs.LocalFileSystem
pyarrow.parquet.read_table pyarrow.serialization.deserialize pymongo.MongoClient
pymysql.connect pyspark.serializers.CloudPickleSerializer.loads pytest.main
pythran.compile_pythrancode ray.init redis.Redis requests.Session requests.api.request
requests.get rpy2.robjects.r ruamel.yaml.load s3fs.S3FileSystem safetensors.torch.load_file
scipy.LowLevelCallable scipy.datasets.face scipy.io.loadmat scipy.weave.inline
scrapy.cmdline.execute selenium.webdriver.Chrome sentence_transformers.SentenceTransformer
setuptools.sandbox.run_setup setuptools.setup sh.Command simpleeval.simple_eval
sklearn.datasets._base.load_files sklearn.datasets.fetch_openml
sklearn.utils._testing.check_skip_network sklearn.utils.fixes.tarfile_extractall
skops.io.load skops.io.loads smart_open.open spacy.cli.download spacy.load
spacy.util.load_model sqlalchemy.create_engine statsmodels.base.model.Results.load
statsmodels.iolib.smpickle.load_pickle streamlit.web.cli.main sympy.core.sympify.sympify
sympy.external.importtools.import_module sympy.parsing.sympy_parser.parse_expr
sympy.printing.preview.preview sympy.sympify sympy.utilities.lambdify.lambdify
tensorflow.io.read_file tensorflow.keras.models.load_model
tensorflow.python.ops.script_ops.py_func test.support.run_unittest
test.support.script_helper.assert_python_ok theano.function tokenizers.Tokenizer.from_file
tokenizers.Tokenizer.from_pretrained torch._C.PyTorchFileReader
torch._dynamo.guards.GuardBuilder.get torch._functorch.pyfunctorch
torch._inductor.codecache.compile_file torch._inductor.utils.run_and_get_code
torch.autograd.profiler.profile torch.classes.load_library torch.cuda.CUDAPluggableAllocator
torch.distributed.launcher.api.launch_agent torch.distributed.rpc.api.rpc_sync
torch.from_file torch.functional.builtins.exec
torch.fx.experimental.symbolic_shapes.ShapeEnv.evaluate_guards_expression
torch.fx.graph_module.reduce_graph_module torch.hub._load_local torch.hub.load
torch.jit.CompilationUnit torch.jit.load torch.library.Library torch.load
torch.multiprocessing.spawn torch.nn.modules.module.os.system torch.nn.utils.os.system
torch.onnx.export torch.ops.load_library torch.package.PackageImporter
torch.serialization.load torch.storage.UntypedStorage.from_file
torch.utils._config_module.ConfigModule.load_config
torch.utils.bottleneck.__main__.run_cprofile torch.utils.collect_env.run
torch.utils.cpp_extension.load torch.utils.cpp_extension.load_inline
torch.utils.data.datapipes.utils.decoder.basichandlers torch.utils.model_zoo.load_url
torch.utils.show_pickle.main torch.utils.tensorboard.SummaryWriter tox.cmdline.main
transformers.AutoModel.from_pretrained
transformers.dynamic_module_utils.get_class_from_dynamic_module
transformers.modeling_utils.PreTrainedModel.from_pretrained
transformers.models.auto.auto_factory._BaseAutoModelClass.from_pretrained
transformers.models.auto.modeling_auto.AutoModel.from_pretrained transformers.pipeline
transformers.pipelines.pipeline
transformers.tokenization_utils_base.PreTrainedTokenizerBase.from_pretrained
transformers.utils.hub.cached_file triton.compile triton.runtime.jit.JITFunction
tvm.runtime.load_module ultralytics.YOLO ultralytics.utils.checks.check_requirements
ultralytics.utils.downloads.download wandb.init wget.download xgboost.Booster
xgboost.DMatrix xgboost.core.DMatrix xgboost.sklearn.XGBModel.load_model yaml.load
yaml.unsafe_load zarr.open zmq.Context
""".split()
"""Of libraries, those that models are made with among them."""


@pytest.mark.parametrize("dotted", STANDARD + LIBRARIES)
def test_a_name_that_acts_is_malicious_when_it_is_called(dotted):
    assert of(call(name(dotted), "id")) is Verdict.MALICIOUS
    assert of(call(name(dotted), "/bin/sh -c id")) is Verdict.MALICIOUS
    module, _, last = dotted.rpartition(".")
    if "." in module:
        outer, _, inner = module.rpartition(".")
        dotted_name = Made(code(outer) + code(f"{inner}.{last}") + b"\x93")
        assert of(call(dotted_name, "id")) is Verdict.MALICIOUS


GETATTR, PARTIAL = name("builtins.getattr"), name("functools.partial")
IMPORT_MODULE = call(name("importlib.import_module"), "os")
NESTED = stream(call(name("os.system"), "id"))

ADVISORIES = {
    "CVE-2025-1716": call(name("pip.main"), ["install", "x"]),
    "CVE-2025-10155": call(name("distutils.file_util.write_file"), "x", ["y"]),
    "CVE-2025-10157": call(
        name("asyncio.unix_events._UnixSubprocessTransport._start"), "id", True, None, None, None, 0
    ),
    "CVE-2026-56315, uuid": call(name("uuid._get_command_stdout"), "id"),
    "CVE-2026-56315, imaplib": call(name("imaplib.IMAP4_stream"), "id"),
    "CVE-2026-56315, pager": call(name("_pyrepl.pager.pipe_pager"), "x", "id"),
    "CVE-2026-56315, osx": call(name("_osx_support._read_output"), "id"),
    "CVE-2026-56315, aix": call(name("_aix_support._read_cmd_output"), "id"),
    "GHSA-955r-x9j8-7rhh": call(call(name("_operator.attrgetter"), "system"), IMPORT_MODULE),
    "GHSA-m273-6v24-x4m4": call(call(name("operator.methodcaller"), "system", "id"), IMPORT_MODULE),
    "GHSA-46h3-79wf-xr6c": call(name("_operator.methodcaller"), "__getattribute__", "system"),
    "GHSA-4675-36f9-wf6r": call(name("profile.run"), "1"),
    "GHSA-84r2-jw7c-4r5q": call(name("_pickle.loads"), NESTED),
    "GHSA-vqmv-47xg-9wpr": call(name("venv.create"), "x"),
    "GHSA-hgrh-qx5j-jfwx": call(name("ssl.get_server_certificate"), ("a", 1)),
    "GHSA-r8g5-cgf2-4m4m": call(name("idlelib.calltip.get_entity"), "1"),
    "GHSA-vvpj-8cmc-gx39": call(call(name("pkgutil.resolve_name"), "os:system"), "id"),
    "GHSA-4whj-rm5r-c2v8": call(name("torch.utils.bottleneck.__main__.run_autograd_prof"), "1", {}),
    "GHSA-4r9r-ch6f-vxmx": call(name("torch.utils.bottleneck.__main__.run_cprofile"), "1", {}),
    "GHSA-86cj-95qr-2p4f": call(name("torch._dynamo.guards.GuardBuilder.get"), None, "1"),
    "GHSA-f4x7-rfwp-v3xw": call(
        name("torch.fx.experimental.symbolic_shapes.ShapeEnv.evaluate_guards_expression"), None, "1"
    ),
    "GHSA-f745-w6jp-hpxx": call(name("torch.utils.collect_env.run"), "id"),
    "GHSA-h3qp-7fh3-f8h4": call(
        name("torch.utils.data.datapipes.utils.decoder.basichandlers"), "pickle", NESTED
    ),
    "GHSA-vr7h-p6mm-wpmh": call(name("torch.jit.unsupported_tensor_ops.execWrapper"), "1", {}, {}),
    "GHSA-vv6j-3g6g-2pvj": call(
        name("torch.utils._config_module.ConfigModule.load_config"), None, NESTED
    ),
    "GHSA-xp4f-hrf8-rxw7": call(name("ensurepip._run_pip"), ["install"]),
    "GHSA-p9w7-82w4-7q8m": call(name("lib2to3.pgen2.pgen.ParserGenerator.make_label"), None, "1"),
    "GHSA-f54q-57x4-jg88": call(name("lib2to3.pgen2.grammar.Grammar.loads"), None, NESTED),
    "GHSA-m869-42cg-3xwr": call(name("idlelib.run.Executive.runcode"), None, "1"),
    "GHSA-j343-8v2j-ff7w": call(name("idlelib.pyshell.ModifiedInterpreter.runcommand"), None, "1"),
    "GHSA-3gf5-cxq9-w223": call(name("idlelib.pyshell.ModifiedInterpreter.runcode"), None, "1"),
    "GHSA-3vg9-h568-4w9m": call(name("idlelib.debugobj.ObjectTreeItem.SetText"), None, "1"),
    "GHSA-6w4w-5w54-rjvr": call(name("idlelib.autocomplete.AutoComplete.get_entity"), None, "1"),
    "GHSA-7cq8-mj8x-j263": call(
        name("idlelib.autocomplete.AutoComplete.fetch_completions"), "1", 1
    ),
    "GHSA-fqq6-7vqf-w3fg": call(name("doctest.debug_script"), "1"),
    "GHSA-9w88-8rmg-7g2p": call(name("cProfile.runctx"), "1", {}, {}),
    "GHSA-5qwp-399c-mjwf": call(name("trace.Trace.run"), None, "1"),
    "GHSA-g344-hcph-8vgg": call(name("trace.Trace.runctx"), None, "1"),
    "GHSA-x696-vm39-cp64": call(name("profile.Profile.run"), None, "1"),
    "GHSA-6vqj-c2q5-j97w": call(name("profile.Profile.runctx"), None, "1", {}, {}),
    "GHSA-565g-hwwr-4pp3": call(
        name("types.FunctionType"), call(name("marshal.loads"), b"\xe3"), {}
    ),
    "GHSA-r7v6-mfhq-g3m2": Made(b"(" + code(name("pty.spawn")) + code("id") + b"o"),
    "GHSA-6ggj-6f2q-f7mx": build(
        call(name("collections.OrderedDict")), call(name("_interpreters.run_string"), 0, "1")
    ),
}


@pytest.mark.parametrize("value", ADVISORIES.values(), ids=ADVISORIES.keys())
def test_what_a_public_advisory_describes_is_malicious(value):
    assert of(value) is Verdict.MALICIOUS


def test_ghsa_9gvj_pp9x_gcfr_a_stream_that_breaks_off_after_its_payload():
    assert verdict(NESTED[:-1] + b"\x8c") is Verdict.MALICIOUS
    assert verdict(NESTED[:-1] + b"I0x10q\n.") is Verdict.MALICIOUS


RECONSTRUCT, NEWOBJ = name("copyreg._reconstructor"), name("copyreg.__newobj__")
NDARRAY = name("numpy._core.multiarray._reconstruct")
FRAME = name("pandas.core.frame.DataFrame")
SVC = name("sklearn.svm._classes.SVC")

WAYS = {
    "a dangerous class by copyreg": call(NEWOBJ, name("subprocess.Popen"), "id"),
    "a dangerous class with an allowed base": call(
        RECONSTRUCT, name("subprocess.Popen"), name("builtins.object"), None
    ),
    "a class with a dangerous base": call(RECONSTRUCT, SVC, name("subprocess.Popen"), "id"),
    "a dangerous class by an array's own reconstruction": call(
        NDARRAY, name("subprocess.Popen"), (0,), b"b"
    ),
    "a dangerous class by a tensor's own reconstruction": call(
        name("torch._tensor._rebuild_from_type_v2"), name("os.system"), SVC, ("id",), {}
    ),
    "a partial of a dangerous function": call(PARTIAL, name("os.system"), "id"),
    "a partial given a dangerous function by its state": build(
        call(PARTIAL, name("builtins.print")), (name("os.system"), ("id",), {}, {})
    ),
    "a partial of a partial": call(PARTIAL, call(PARTIAL, name("os.system")), "id"),
    "a map": call(name("builtins.map"), name("os.system"), ["id"]),
    "a filter in a list": call(
        name("builtins.list"), call(name("builtins.filter"), name("os.system"), ["id"])
    ),
    "a reduce": call(name("functools.reduce"), name("os.system"), ["id"]),
    "a reduce of another operator": call(name("functools.reduce"), name("operator.add"), ([], [])),
    "an iterator that calls": call(name("builtins.iter"), name("os.getcwd"), 1),
    "itertools.starmap": call(name("itertools.starmap"), name("os.system"), [("id",)]),
    "a default that acts": call(name("collections.defaultdict"), name("os.getcwd")),
    "an array that calls": call(name("numpy.vectorize"), name("os.system")),
    "a method in a state": build(new(SVC), {"predict": name("os.system")}),
    "a class of an object replaced": build(new(SVC), {"__class__": name("subprocess.Popen")}),
    "__setstate__ of an object replaced": build(
        new(SVC), {"__setstate__": name("sklearn.base.clone")}
    ),
    "__dict__ of an allowed class": build(SVC, {"fit": 1}),
    "__dict__ of a function": build(name("numpy.mean"), {"__code__": None}),
    "__builtins__ of a library, changed": build(name("numpy.__builtins__"), {"len": None}),
    "__builtins__ of a library, taken": call(
        name("operator.getitem"), name("numpy.__builtins__"), "eval"
    ),
    "globals of a function": call(GETATTR, name("numpy.mean"), "__globals__"),
    "a chain of attributes": call(
        GETATTR, call(GETATTR, name("builtins.object"), "__subclasses__"), "__call__"
    ),
    "an attribute of an attribute": call(GETATTR, call(GETATTR, name("logging.Logger"), "os"), "x"),
    "an import of an import": call(GETATTR, call(name("builtins.__import__"), "os"), "system"),
    "an attribute that is set": call(name("builtins.setattr"), SVC, "fit", name("builtins.print")),
    "a descriptor by its dunder": call(name("numpy.ndarray.__getattribute__"), None, "x"),
    "a method of a frame": call(call(GETATTR, new(FRAME), "to_pickle"), "/tmp/x"),
    "a query of a frame": call(name("pandas.core.frame.DataFrame.query"), new(FRAME), "@x"),
    "an enumeration with code": call(name("enum.Enum"), "x; import os", ["a"]),
    "a class made on the fly": call(name("builtins.type"), "A", (), {}),
    "a class made with a metaclass": call(name("types.new_class"), "A", (), {}, name("os.system")),
    "a data class from text": call(name("dataclasses.make_dataclass"), "A", ["x"]),
    "a template with attributes": call(name("string.Formatter.vformat"), None, "{0.__class__}", ()),
    "an unknown class with a command": call(name("acme.Shell"), "touch x"),
    "an unknown class with one word that is a command": call(name("acme.Shell"), "whoami"),
    "an unknown class with a list": call(name("acme.Shell"), ["id"]),
    "an unknown function with a number and text": call(name("acme.run"), 1, ("id",)),
    "an unknown function with a dict": call(name("acme.run"), {"cmd": "id"}),
    "a library's class with a path": call(
        name("torch.cuda.CUDAPluggableAllocator"), "a.so", "b", "c"
    ),
    "a library's class that opens what it is given": call(name("pyarrow.lib.OSFile"), "x", "wb"),
    "a lambda of keras": call(name("keras.layers.Lambda"), name("numpy.mean")),
    "an extension code": after(
        call(name("copyreg.add_extension"), "os", "system", 7),
        Made(b"\x82\x07" + code(("id",)) + b"R"),
    ),
    "a registry of reductions": call(name("copyreg.pickle"), SVC, name("builtins.print")),
    "a weak reference's callback": call(
        name("weakref.finalize"), new(SVC), name("os.system"), "id"
    ),
    "dill's file": call(
        name("dill._dill._create_filehandle"), "/tmp/x", "w", 0, False, None, 0, 0, ""
    ),
    "dill's eval": call(name("dill._dill._eval_repr"), "__import__('os')"),
    "dill's weak reference's callback": call(
        name("dill._dill._create_weakref"), new(SVC), name("os.system")
    ),
    "spaCy's vocabulary with a pickle of its own": call(
        name("spacy.vocab.unpickle_vocab"), new(SVC), new(SVC), new(SVC), None, NESTED, new(SVC)
    ),
    "numba's function with a pickle of its own": call(
        name("numba.core.serialize._unpickle__CustomPickled"), NESTED
    ),
}


@pytest.mark.parametrize("value", WAYS.values(), ids=WAYS.keys())
def test_a_way_round_is_malicious(value):
    assert of(value) is Verdict.MALICIOUS
    assert of({"weights": (1.5, [value])}) is Verdict.MALICIOUS


# What is packed inside

PACKED = {
    "as it is": NESTED,
    "zlib": zlib.compress(NESTED),
    "gzip": gzip.compress(NESTED),
    "bzip2": bz2.compress(NESTED),
    "xz": lzma.compress(NESTED),
    "base64": base64.b64encode(NESTED),
    "base64 of zlib": base64.b64encode(zlib.compress(NESTED)),
    "zlib twice": zlib.compress(zlib.compress(NESTED)),
    "protocol 0": b"cos\nsystem\n(S'id'\ntR.",
    "base64 of protocol 0": base64.b64encode(b"cos\nsystem\n(S'id'\ntR."),
}


@pytest.mark.parametrize("packed", PACKED.values(), ids=PACKED.keys())
def test_a_pickle_packed_in_bytes_is_read(packed):
    assert of({"blob": packed}) is Verdict.MALICIOUS
    assert of([packed + bytes(9)]) is Verdict.MALICIOUS or packed.isascii()


@pytest.mark.parametrize("form", ["base64", "base64 of zlib", "base64 of protocol 0"])
def test_a_pickle_packed_in_text_is_read(form):
    text = PACKED[form].decode()
    assert of({"note": text}) is Verdict.MALICIOUS
    assert of(["x" * 20, text]) is Verdict.MALICIOUS
    assert verdict(b"S'" + PACKED[form] + b"'\n.") is Verdict.MALICIOUS
    assert verdict(b"V" + PACKED[form] + b"\n.") is Verdict.MALICIOUS


def test_url_safe_base64_is_read():
    payload = stream(call(name("os.system"), "id \xff\xfe~~~???>>>"))
    assert of(base64.urlsafe_b64encode(payload).decode()) is Verdict.MALICIOUS


def test_text_and_data_that_only_look_packed_are_clean():
    values = ["Y2xhc3M=" * 9, "eJwrbnV0dG9u" * 5, "gAQ" * 20, b"x\x9c" + bytes(40), b"BZh9" * 9]
    values += [base64.b64encode(bytes(range(256))), zlib.compress(b"text " * 99), "KGlmIGE=" * 9]
    assert of(values) is Verdict.CLEAN


def test_a_bomb_inside_costs_little_and_hides_nothing():
    bombs = [zlib.compress(bytes(100_000_000))] * 20
    assert of(bombs) is Verdict.CLEAN
    assert of([*bombs, zlib.compress(NESTED)]) is Verdict.MALICIOUS


def test_more_packed_pickles_than_the_budget_are_not_clean():
    padded = zlib.compress(b"\x80\x04" + b"N0" * 10_000_000)
    assert of([padded] * 6) is Verdict.UNKNOWN
