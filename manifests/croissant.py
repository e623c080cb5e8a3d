"""Croissant: what a dataset says of itself to machines (mlcommons.org/croissant/1.0)."""

import json
from typing import Any

from .card import Facts

__all__ = ["croissant"]

CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}

COLUMNS = {
    "key": ("sc:Text", "Name of the sample; what its members in the shards share."),
    "split": ("sc:Text", "Splits share no song."),
    "shard": ("sc:Text", "The tar that it stands in, without its suffix."),
    "severity": ("sc:Float", "How much of the recipe was done, from 0 to 1."),
    "sample_rate": ("sc:Integer", "In Hz."),
    "seconds": ("sc:Float", "Length."),
    "mixture_lufs": ("sc:Float", "Integrated loudness of the mixture (BS.1770-4)."),
    "mixture_true_peak_dbtp": ("sc:Float", "True peak of the mixture."),
    "lag_samples": ("sc:Float", "Lag of the mixture against the sum before master."),
    "sum_error_db": ("sc:Float", "How far the wet stems are from summing to it."),
    "session": ("sc:Text", "The drawn session as JSON: enough to render the sample again."),
}


def croissant(facts: Facts) -> str:
    """Return the text of croissant.json; the same facts give the same bytes.

    Parameters
    ----------
    facts : Facts
    """
    manifest = _file("manifest.parquet", "application/x-parquet", *facts.manifest)
    shards = [
        _file(f"data/{name}", "application/x-tar", *about) for name, about in facts.tars.items()
    ]
    heard = [name for name in facts.tars if name.count(".") == 1 or name.endswith(".mixture.tar")]
    floats = facts.record["bits"] == 32
    mixtures = {
        "@type": "cr:FileSet",
        "@id": "mixtures",
        "containedIn": [{"@id": f"data/{name}"} for name in heard],
        "encodingFormat": "audio/wav" if floats else "audio/flac",
        "includes": "*.mixture.wav" if floats else "*.mixture.flac",
    }
    about = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": facts.name,
        "description": facts.about,
        "license": facts.licences[0] if len(facts.licences) == 1 else facts.licences,
        "version": f"{facts.record['format_version']}.0.0",
        "distribution": [manifest, *shards, *([mixtures] if shards else [])],
        "recordSet": [_samples()],
    }
    return json.dumps(about, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _file(path: str, kind: str, sha256: str, size_bytes: int) -> dict[str, Any]:
    """Describe a file of the dataset."""
    return {
        "@type": "cr:FileObject",
        "@id": path,
        "name": path,
        "contentUrl": path,
        "contentSize": f"{size_bytes} B",
        "encodingFormat": kind,
        "sha256": sha256,
    }


def _samples() -> dict[str, Any]:
    """Describe the rows of the manifest."""
    fields = [
        {
            "@type": "cr:Field",
            "@id": f"samples/{name}",
            "name": f"samples/{name}",
            "description": text,
            "dataType": kind,
            "source": {
                "fileObject": {"@id": "manifest.parquet"},
                "extract": {"column": name},
            },
        }
        for name, (kind, text) in COLUMNS.items()
    ]
    return {
        "@type": "cr:RecordSet",
        "@id": "samples",
        "name": "samples",
        "key": {"@id": "samples/key"},
        "field": fields,
    }
