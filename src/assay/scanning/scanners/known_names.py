"""Names of libraries by what they do, as far as rules need them."""

from __future__ import annotations

import re


def _names(text: str, prefix: str = "") -> frozenset[str]:
    return frozenset(f"{prefix}{name}" for name in text.split())


EXECUTES = _names("exec eval execfile", "builtins.") | _names(
    "code.InteractiveInterpreter().runsource code.InteractiveInterpreter().runcode "
    "code.InteractiveConsole().push code.interact timeit.timeit timeit.Timer cProfile.run "
    "profile.run pdb.run bdb.Bdb().run trace.Trace().run ctypes.pythonapi.PyRun_SimpleString "
    "test.support.run_in_subinterp _xxsubinterpreters.run_string _interpreters.run_string "
    "_testcapi.run_in_subinterp IPython.get_ipython().run_cell IPython.get_ipython().ex "
    "numexpr.evaluate pandas.eval doctest.DocTestRunner().run gdb.execute "
    "torch._dynamo.bytecode_transformation.exec sympy.sympify"
)
"""Run text or code they are given."""

MILD_EXECUTES = _names(
    "numexpr.evaluate pandas.eval sympy.sympify timeit.timeit timeit.Timer code.interact "
    "cProfile.run profile.run pdb.run"
)
"""Those which honest programs use on text of their own."""

COMPILES = _names("builtins.compile codeop.compile_command codeop.Compile()")
"""Make code of text: what they return is as dangerous as the text."""

BUILDS_CODE = _names(
    "types.FunctionType types.LambdaType types.CodeType marshal.loads marshal.load "
    "types.MethodType new.code new.function"
)

RUNS_FILES = _names(
    "runpy.run_path runpy.run_module imp.load_source imp.load_module imp.load_dynamic "
    "imp.load_compiled importlib.machinery.SourceFileLoader().load_module "
    "importlib.machinery.SourcelessFileLoader().load_module "
    "importlib.machinery.ExtensionFileLoader().load_module zipimport.zipimporter().load_module "
    "importlib.util.module_from_spec()"
)
"""Run a file as a program or module."""

SHELLS = _names(
    "system popen popen2 popen3 popen4 startfile execl execle execlp execlpe execv execve execvp "
    "execvpe spawnl spawnle spawnlp spawnlpe spawnv spawnve spawnvp spawnvpe posix_spawn "
    "posix_spawnp",
    "os.",
) | _names(
    "subprocess.Popen subprocess.run subprocess.call subprocess.check_call "
    "subprocess.check_output subprocess.getoutput subprocess.getstatusoutput pty.spawn "
    "commands.getoutput commands.getstatusoutput asyncio.create_subprocess_shell "
    "asyncio.create_subprocess_exec asyncio.get_event_loop().subprocess_shell "
    "asyncio.get_event_loop().subprocess_exec distutils.spawn.spawn platform.popen "
    "_posixsubprocess.fork_exec _winapi.CreateProcess _subprocess.CreateProcess pexpect.spawn "
    "pexpect.run sh.Command plumbum.local ctypes.CDLL().system ctypes.cdll.msvcrt.system "
    "ctypes.PyDLL().system ctypes.windll.shell32.ShellExecuteW ctypes.windll.kernel32.WinExec "
    "ctypes.windll.shell32.ShellExecuteA win32api.ShellExecute win32process.CreateProcess "
    "IPython.get_ipython().system IPython.get_ipython().getoutput "
    "paramiko.SSHClient().exec_command posix.system nt.system uuid._popen "
    "subprocess._args_from_interpreter_flags multiprocessing.util.spawnv_passfds "
    "multiprocessing.popen_spawn_win32.Popen cgitb.lookup pip.main pip._internal.main "
    "pip._internal.cli.main.main invoke.run fabric.Connection().run wmi.WMI().Win32_Process.Create"
)
"""Start programs."""

SHELL_TEXT = _names(
    "os.system os.popen os.popen2 os.popen3 subprocess.getoutput subprocess.getstatusoutput "
    "commands.getoutput commands.getstatusoutput asyncio.create_subprocess_shell posix.system "
    "nt.system platform.popen"
)
"""Of those, the ones that give their text to a shell."""

SENDS = _names(
    "requests.post requests.put requests.patch requests.request requests.Session().post "
    "requests.Session().put requests.Session().patch requests.Session().request "
    "requests.session().post requests.session().request httpx.post httpx.put httpx.patch "
    "httpx.request httpx.Client().post httpx.Client().put httpx.Client().request "
    "httpx.AsyncClient().post aiohttp.ClientSession().post aiohttp.ClientSession().put "
    "aiohttp.ClientSession().request urllib3.PoolManager().request urllib3.request "
    "http.client.HTTPSConnection().request http.client.HTTPConnection().request "
    "http.client.HTTPSConnection().send http.client.HTTPConnection().send "
    "smtplib.SMTP().sendmail smtplib.SMTP_SSL().sendmail smtplib.SMTP().send_message "
    "smtplib.SMTP_SSL().send_message ftplib.FTP().storbinary ftplib.FTP().storlines "
    "ftplib.FTP_TLS().storbinary socket.socket().send socket.socket().sendall "
    "socket.socket().sendto socket.create_connection().send socket.create_connection().sendall "
    "ssl.wrap_socket().send ssl.wrap_socket().sendall websocket.create_connection().send "
    "websockets.connect().send paho.mqtt.client.Client().publish telnetlib.Telnet().write "
    "paramiko.SFTPClient().put boto3.client().put_object boto3.client().upload_file "
    "boto3.client().upload_fileobj huggingface_hub.upload_file huggingface_hub.HfApi().upload_file "
    "xmlrpc.client.ServerProxy()"
)
"""Send what they are given to another machine."""

FETCHES = _names(
    "requests.get requests.head requests.Session().get requests.session().get httpx.get "
    "httpx.stream httpx.Client().get httpx.AsyncClient().get aiohttp.ClientSession().get "
    "urllib.request.urlopen urllib.urlopen urllib2.urlopen urllib.request.Request "
    "urllib.request.build_opener().open urllib3.PoolManager().urlopen "
    "socket.socket().recv socket.socket().recvfrom socket.socket().makefile "
    "socket.create_connection().recv http.client.HTTPSConnection().getresponse "
    "http.client.HTTPConnection().getresponse xmlrpc.client.ServerProxy socket.gethostbyname "
    "socket.getaddrinfo dns.resolver.resolve dns.resolver.query socket.gethostbyname_ex "
    "websocket.create_connection().recv ftplib.FTP().retrbinary cloudpickle.load_url "
    "pandas.read_html smart_open.open fsspec.open"
)
"""Ask another machine: what they return came from there, and an address can carry a secret."""

DOWNLOADS = {
    "urllib.request.urlretrieve": 1,
    "urllib.urlretrieve": 1,
    "wget.download": 1,
    "gdown.download": 1,
    "torch.hub.download_url_to_file": 1,
    "torchvision.datasets.utils.download_url": 1,
    "ftplib.FTP().retrbinary": 1,
}
"""Put what they fetch into a file; the argument that names it."""

HUB_DOWNLOADS = _names(
    "huggingface_hub.hf_hub_download huggingface_hub.snapshot_download "
    "huggingface_hub.cached_download transformers.utils.cached_file "
    "transformers.utils.hub.cached_file cached_path.cached_path torch.hub.load_state_dict_from_url"
)

OPENS = _names(
    "builtins.open io.open codecs.open os.open pathlib.Path().open pathlib.Path().read_text "
    "pathlib.Path().read_bytes io.FileIO _io.open _io.FileIO gzip.open aiofiles.open os.fdopen "
    "numpy.fromfile linecache.getlines linecache.getline fileinput.input pathlib.Path().write_text "
    "pathlib.Path().write_bytes shutil.copy shutil.copyfile shutil.copy2 shutil.copytree "
    "shutil.move os.rename os.replace os.symlink os.link tarfile.open zipfile.ZipFile "
    "sqlite3.connect configparser.ConfigParser().read netrc.netrc glob.glob os.listdir os.walk "
    "os.scandir dotenv.dotenv_values"
)
"""Take a path first."""

COPIES = _names(
    "shutil.copy shutil.copyfile shutil.copy2 shutil.copytree shutil.move os.rename os.replace "
    "os.symlink os.link"
)

LOADS = {
    "pickle.load": "pickle",
    "pickle.loads": "pickle",
    "pickle.Unpickler": "pickle",
    "_pickle.load": "pickle",
    "_pickle.loads": "pickle",
    "cPickle.load": "pickle",
    "cPickle.loads": "pickle",
    "dill.load": "pickle",
    "dill.loads": "pickle",
    "cloudpickle.load": "pickle",
    "cloudpickle.loads": "pickle",
    "joblib.load": "pickle",
    "pandas.read_pickle": "pickle",
    "pandas.io.pickle.read_pickle": "pickle",
    "shelve.open": "pickle",
    "jsonpickle.decode": "pickle",
    "jsonpickle.loads": "pickle",
    "sklearn.externals.joblib.load": "pickle",
    "yaml.unsafe_load": "yaml",
    "yaml.unsafe_load_all": "yaml",
    "yaml.load": "yaml",
    "yaml.load_all": "yaml",
    "torch.load": "torch",
    "torch.jit.load": "",
    "numpy.load": "numpy",
    "torch.hub.load": "code",
    "keras.models.load_model": "keras",
    "tensorflow.keras.models.load_model": "keras",
    "keras.saving.load_model": "keras",
    "keras.config.enable_unsafe_deserialization": "keras-unsafe",
    "keras.layers.deserialize": "",
    "skops.io.load": "",
}
"""Load formats that can run code."""

NATIVE = _names(
    "ctypes.CDLL ctypes.cdll.LoadLibrary ctypes.PyDLL ctypes.WinDLL ctypes.OleDLL "
    "ctypes.windll.LoadLibrary ctypes.pydll.LoadLibrary cffi.FFI().dlopen "
    "torch.ops.load_library torch.classes.load_library tensorflow.load_op_library "
    "tensorflow.load_library ctypes.cdll.__getattr__ numpy.ctypeslib.load_library"
)
"""Load native libraries."""

BUILDS_NATIVE = _names(
    "torch.utils.cpp_extension.load torch.utils.cpp_extension.load_inline cffi.FFI().verify "
    "distutils.core.run_setup numpy.f2py.compile cppyy.cppdef"
)
"""Compile and load sources."""

MEMORY = re.compile(
    r"ctypes\.(?:windll|cdll|WinDLL|CDLL|oledll)(?:\(\))?\.(?:kernel32|ntdll|user32)?\.?"
    r"(?:VirtualAlloc(?:Ex)?|VirtualProtect(?:Ex)?|RtlMoveMemory|CreateThread|CreateRemoteThread|"
    r"WriteProcessMemory|QueueUserAPC|NtCreateThreadEx|mprotect|memfd_create|ptrace)\Z"
)
"""Put machine code into memory."""

HOST_FACTS = _names(
    "platform.node platform.uname platform.platform socket.gethostname socket.getfqdn "
    "getpass.getuser os.getlogin os.uname uuid.getnode pwd.getpwuid psutil.net_if_addrs "
    "psutil.users os.path.expanduser() pathlib.Path.home()"
)

SECRET_SOURCES = _names(
    "huggingface_hub.get_token huggingface_hub.HfFolder.get_token "
    "huggingface_hub.hf_api.HfFolder.get_token huggingface_hub.utils.get_token "
    "keyring.get_password browser_cookie3.load browser_cookie3.chrome browser_cookie3.firefox "
    "win32crypt.CryptUnprotectData boto3.Session().get_credentials "
    "google.auth.default pyperclip.paste PIL.ImageGrab.grab pyautogui.screenshot mss.mss().grab "
    "ImageGrab.grab netrc.netrc"
)

LISTENS = _names(
    "pynput.keyboard.Listener pynput.mouse.Listener keyboard.on_press keyboard.hook keyboard.record"
)
"""Tell what a person types."""

ESCAPES = _names("ctypes.pythonapi sys._getframe inspect.currentframe inspect.stack")

HOOKS = _names(
    "sys.settrace sys.setprofile threading.settrace threading.setprofile sys.addaudithook "
    "builtins.__import__ sys.meta_path.insert sys.meta_path.append sys.path_hooks.insert "
    "sys.path_hooks.append gc.callbacks.append codecs.register copyreg.add_extension "
    "importlib.abc.MetaPathFinder.register"
)
"""Make later imports or every line run something else."""

DESTROYS = _names("shutil.rmtree os.removedirs os.remove os.unlink os.rmdir")

PROCESS_NAMES = EXECUTES - MILD_EXECUTES | SHELLS
"""What must not be handed about as a value."""

SYSTEM_MODULES = frozenset(
    "os posix nt subprocess builtins __builtin__ ctypes pty sys socket importlib marshal "
    "commands shutil runpy".split()
)
"""Modules of which a name that is not written out is one to ask about."""

STARS = {
    "os": frozenset("system popen execv execve execl environ getenv spawnl spawnv".split()),
    "subprocess": frozenset("Popen run call check_call check_output getoutput".split()),
    "socket": frozenset("socket create_connection AF_INET SOCK_STREAM gethostname".split()),
    "base64": frozenset("b64decode b32decode b85decode a85decode b16decode decodebytes".split()),
    "pickle": frozenset("load loads dump dumps Unpickler".split()),
    "marshal": frozenset("load loads".split()),
    "zlib": frozenset("decompress".split()),
    "ctypes": frozenset("CDLL cdll windll WinDLL CFUNCTYPE cast".split()),
    "builtins": frozenset("exec eval compile open __import__".split()),
    "pty": frozenset("spawn".split()),
    "requests": frozenset("get post put request Session".split()),
    "urllib.request": frozenset("urlopen urlretrieve Request".split()),
}
"""What `from x import *` brings that rules ask about."""

SECRET_KEY = re.compile(
    r"(?:^|_)(?:token|secret|passw(?:or)?d|credentials?|api_?key|access_?key|private_?key|auth|"
    r"secret_?key|pat|session|cookie)s?(?:_|$)",
    re.IGNORECASE,
)
PRIVATE_PATH = re.compile(
    r"(?:^|[/\\~])\.(?:ssh(?![/\\](?:config|known_hosts)\b)|aws|azure|kube|docker|gnupg|netrc|pgpass|git-credentials|npmrc|pypirc|"
    r"bash_history|zsh_history|python_history|boto|config[/\\]gcloud|config[/\\]gh|"
    r"cache[/\\]huggingface[/\\](?:token|stored_tokens)|huggingface[/\\]token|electrum|bitcoin|"
    r"ethereum|mozilla)(?:[/\\]|$)|/etc/(?:passwd|shadow|sudoers)\b|\bid_(?:rsa|dsa|ecdsa|ed25519)\b"
    r"|Login Data\b|[/\\]Cookies\b|wallet\.dat\b|key4\.db|logins\.json|Local State\b|"
    r"/var/run/secrets/(?!\S*(?:namespace|ca\.crt)\b)|/proc/(?:self|\d+)/environ|discord[/\\]Local Storage|leveldb",
    re.IGNORECASE,
)
STARTUP_PATH = re.compile(
    r"\.(?:bashrc|bash_profile|profile|zshrc|zprofile|bash_login|bash_aliases|xinitrc|xprofile|"
    r"zshenv|kshrc|cshrc)\b|/etc/(?:cron|profile|rc\.local|init\.d|systemd|ld\.so\.preload|"
    r"environment\b|bash\.bashrc|sudoers)|/var/spool/cron|\.config[/\\](?:autostart|systemd|fish)|"
    r"LaunchAgents|LaunchDaemons|Start Menu[/\\]Programs[/\\]Startup|authorized_keys|"
    r"(?:site|user)customize\.py|(?:site|dist)-packages[/\\](?:[^/\\\s]+[/\\])*[^/\\\s]*\.(?:pth|py)\b|"
    r"CurrentVersion[/\\]+Run|\.ipython[/\\]profile_\w+[/\\]startup|\.git[/\\]hooks|"
    r"\.config[/\\]pip|pip\.conf|crontab|\.jupyter[/\\]",
    re.IGNORECASE,
)
WEB_HOOK = re.compile(
    r"discord(?:app)?\.com/api/webhooks|hooks\.slack\.com/|api\.telegram\.org/bot|webhook\.site|"
    r"requestbin|pipedream\.net|burpcollaborator|oastify\.com|interact\.sh|\.oast\.|ngrok|"
    r"\.onion\b|pastebin\.com|transfer\.sh|file\.io|beeceptor|canarytokens|dnslog|requestcatcher|"
    r"anonfiles|gofile\.io|0x0\.st|ceye\.io",
    re.IGNORECASE,
)
RAW_ADDRESS = re.compile(
    r"https?://\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?(?:/|$)|https?://\[[0-9a-f:]+\]"
)
LOCAL_ADDRESS = re.compile(
    r"https?://(?:127\.|0\.0\.0\.0|localhost|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.)"
)
CLOUD_METADATA = re.compile(r"169\.254\.169\.254|metadata\.google\.internal|fd00:ec2::254")

LIFECYCLE = frozenset(
    "__init__ __new__ __call__ __init_subclass__ __class_getitem__ __set_name__ __getattr__ "
    "__getattribute__ __del__ __enter__ __exit__ __iter__ __next__ __getitem__ __len__ __repr__ "
    "__str__ __reduce__ __reduce_ex__ __setstate__ __getstate__ __post_init__ __hash__ __eq__ "
    "forward from_pretrained from_config generate _init_weights post_init _load_pyfunc "
    "load_context predict model_fn predict_fn input_fn output_fn transform_fn handle initialize "
    "inference preprocess postprocess load_model init run execute finalize _split_generators "
    "_generate_examples _info setup load configure build call get_config __prepare__ "
    "pretrained_model load_state_dict setup_model get_model create_model entrypoint main_fn "
    "custom_generate hubconf load_weights".split()
)
"""Functions that a loader or server of models calls by name."""
