"""`danac check --format json` as its schema says, and `--format sarif` as SARIF 2.1.0 does."""

from __future__ import annotations

import json
from urllib.parse import urljoin

import jsonschema
import pytest

from danac.cli import main
from danac.diagnostics.codes import CODES
from danac.diagnostics.reports import SCHEMA

PROGRAMS = {
    "a b/größe.dana": 'text = "🎉🎉"; if x = 3: pass\nlist = [1]\nprint(list(2))\n',
    "wrong.dana": "key = lambda q: q\nx = [1, 2)\nprint(widht)\n",
    "warned.dana": "def f():\n    return 1\n    print(2)\nx = 5 | {abs}\n",
    "right.dana": "x = 1\n",
}


@pytest.fixture
def report(tmp_path, monkeypatch, capsys):
    """Check the programs and return the report, read."""
    monkeypatch.chdir(tmp_path)
    for name, text in PROGRAMS.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def run(format_: str, *paths: str) -> object:
        status = main(["check", "--format", format_, *(paths or ["."])])
        printed = capsys.readouterr()
        assert printed.err == ""
        read = json.loads(printed.out)
        assert status == int('"error"' in json.dumps(read).replace('"defaultConfiguration"', ""))
        return read

    return run


@pytest.fixture(scope="module")
def schema():
    return json.loads(SCHEMA.read_text("utf-8"))


class TestJson:
    def test_the_schema_is_one(self, schema):
        jsonschema.Draft202012Validator.check_schema(schema)

    def test_it_fits_the_schema(self, report, schema):
        found = report("json")
        assert {finding["code"] for finding in found} >= {"DANA113", "DANA213", "DANA212"}
        assert any(finding["fix"] for finding in found)
        assert any(finding["related"] for finding in found)
        jsonschema.Draft202012Validator(schema).validate(found)

    def test_nothing_to_report_fits_too(self, report, schema):
        jsonschema.validate(report("json", "right.dana"), schema)

    @pytest.mark.parametrize(
        "change",
        [{"code": "E1"}, {"severity": "note"}, {"line": 0}, {"more": 1}, {"fix": {"title": "x"}}],
    )
    def test_what_is_no_finding_does_not_fit(self, report, schema, change):
        found = report("json")
        found[0] |= change
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(found, schema)

    def test_a_fix(self, report):
        (fix,) = [found["fix"] for found in report("json", "wrong.dana") if found["line"] == 1]
        edit = {"line": 1, "column": 15, "endLine": 1, "endColumn": 16, "text": " ::"}
        assert fix == {"title": "write `::`", "edits": [edit]}


def check_region(region: dict[str, int]) -> None:
    assert set(region) == {"startLine", "startColumn", "endLine", "endColumn"}
    assert all(type(value) is int and value >= 1 for value in region.values())
    start = (region["startLine"], region["startColumn"])
    assert start <= (region["endLine"], region["endColumn"])


def check_artifact(location: dict[str, str], bases: dict[str, object]) -> None:
    assert location["uriBaseId"] in bases
    assert not location["uri"].startswith(("/", "file:"))
    assert " " not in location["uri"]
    assert location["uri"].isascii()


class TestSarif:
    def test_the_log(self, report):
        log = report("sarif")
        assert log["version"] == "2.1.0"
        assert log["$schema"].endswith("sarif-schema-2.1.0.json")
        (run,) = log["runs"]
        assert run["columnKind"] == "utf16CodeUnits"
        assert run["tool"]["driver"]["name"] == "danac"
        for base in run["originalUriBaseIds"].values():
            assert base["uri"].startswith("file:///")
            assert base["uri"].endswith("/")

    def test_rules(self, report):
        (run,) = report("sarif")["runs"]
        rules = run["tool"]["driver"]["rules"]
        used = {result["ruleId"] for result in run["results"]}
        assert [rule["id"] for rule in rules] == sorted(used)
        for rule in rules:
            assert rule["shortDescription"]["text"] == CODES[rule["id"]][1]
            assert rule["help"]["text"]
            assert rule["help"]["markdown"].startswith("# ")
            assert rule["defaultConfiguration"]["level"] in {"error", "warning", "note", "none"}

    def test_results(self, report):
        (run,) = report("sarif")["runs"]
        rules, bases = run["tool"]["driver"]["rules"], run["originalUriBaseIds"]
        assert len(run["results"]) >= 6
        for result in run["results"]:
            assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
            assert result["level"] in {"error", "warning"}
            assert result["message"]["text"]
            (location,) = result["locations"]
            check_region(location["physicalLocation"]["region"])
            check_artifact(location["physicalLocation"]["artifactLocation"], bases)
            for related in result.get("relatedLocations", ()):
                assert related["message"]["text"]
                check_region(related["physicalLocation"]["region"])

    def test_fixes(self, report):
        (run,) = report("sarif")["runs"]
        bases = run["originalUriBaseIds"]
        fixes = [fix for result in run["results"] for fix in result.get("fixes", ())]
        assert fixes
        for fix in fixes:
            assert fix["description"]["text"]
            for change in fix["artifactChanges"]:
                check_artifact(change["artifactLocation"], bases)
                for replacement in change["replacements"]:
                    check_region(replacement["deletedRegion"])
                    assert set(replacement["insertedContent"]) == {"text"}

    def test_uris_lead_to_the_files(self, report, tmp_path):
        (run,) = report("sarif")["runs"]
        (base,) = run["originalUriBaseIds"].values()
        for result in run["results"]:
            location = result["locations"][0]["physicalLocation"]["artifactLocation"]
            whole = urljoin(base["uri"], location["uri"])
            assert whole in {(tmp_path / name).as_uri() for name in PROGRAMS}

    def test_columns_count_utf_16(self, report):
        (run,) = report("sarif", "a b/größe.dana")["runs"]
        region = run["results"][0]["locations"][0]["physicalLocation"]["region"]
        # Each of the two characters in front takes two units.
        line = PROGRAMS["a b/größe.dana"].split("\n")[0]
        assert region["startColumn"] == line.index("if") + 1 + 2

    def test_files_elsewhere_have_whole_uris(self, report, tmp_path, monkeypatch):
        (tmp_path / "below").mkdir()
        monkeypatch.chdir(tmp_path / "below")
        (run,) = report("sarif", "../wrong.dana")["runs"]
        location = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
        assert location == {"uri": (tmp_path / "wrong.dana").as_uri()}

    def test_nothing_to_report(self, report):
        (run,) = report("sarif", "right.dana")["runs"]
        assert run["results"] == []
        assert run["tool"]["driver"]["rules"] == []
