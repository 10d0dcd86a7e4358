from __future__ import annotations

import os
import sys

import pytest

from danac.loading.errors import UsageError
from danac.loading.project import options_for
from danac.options import DEFAULT, Options

COERCE = Options(coerce=True)
SETTINGS = "[project]\nname = 'shop'\n\n[tool.danac]\ncoerce = true\n"


@pytest.fixture
def project(tmp_path):
    """A function that writes the pyproject.toml of a folder, and returns that folder's a.dana."""

    def write(text: str | bytes, folder: str = "."):
        path = tmp_path / folder
        path.mkdir(parents=True, exist_ok=True)
        content = text.encode() if isinstance(text, str) else text
        (path / "pyproject.toml").write_bytes(content)
        return path / "a.dana"

    return write


class TestOptions:
    def test_differ_by_their_key(self):
        assert Options() == DEFAULT != COERCE
        assert hash(Options()) == hash(DEFAULT)
        assert Options().key != COERCE.key
        assert repr(COERCE) == "Options(coerce=True)"
        assert COERCE != "coerce"

    def test_of_two_places_are_those_of_either(self):
        assert DEFAULT | COERCE == COERCE | DEFAULT == COERCE
        assert DEFAULT | DEFAULT == DEFAULT

    @pytest.mark.parametrize("line", ["# dana: coerce", "#dana:coerce", "#  dana:  coerce  \n"])
    def test_of_the_first_line(self, line):
        assert DEFAULT.for_program(line) == COERCE

    @pytest.mark.parametrize(
        "line", ["", "dana: coerce", "# dana: coerced", "# dana : coerce", "#"]
    )
    def test_of_another_first_line(self, line):
        assert DEFAULT.for_program(line) == DEFAULT
        assert COERCE.for_program(line) == COERCE


class TestWhichFile:
    def test_of_the_folder(self, project):
        assert options_for(project(SETTINGS)) == COERCE

    def test_of_a_folder_above(self, project, tmp_path):
        project(SETTINGS)
        assert options_for(tmp_path / "src" / "shop" / "a.dana") == COERCE

    def test_the_nearest_one_counts_even_if_it_says_nothing(self, project):
        project(SETTINGS)
        assert options_for(project("[project]\nname = 'inner'\n", "inner")) == DEFAULT

    def test_folder_of_that_name_is_passed_over(self, project, tmp_path):
        project(SETTINGS)
        (tmp_path / "inner" / "pyproject.toml").mkdir(parents=True)
        assert options_for(tmp_path / "inner" / "a.dana") == COERCE

    def test_relative_paths_and_standard_input_start_at_the_working_directory(
        self, project, tmp_path, monkeypatch
    ):
        project(SETTINGS)
        (tmp_path / "src").mkdir()
        monkeypatch.chdir(tmp_path / "src")
        assert options_for("a.dana") == options_for("-") == COERCE

    def test_what_is_given_holds_anyway(self, project):
        assert options_for(project("[tool.danac]\ncoerce = false\n"), COERCE) == COERCE

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read")
    def test_unreadable_file(self, project):
        program = project(SETTINGS)
        (program.parent / "pyproject.toml").chmod(0)
        with pytest.raises(UsageError, match=r"cannot read .*pyproject\.toml: Permission denied"):
            options_for(program)


class TestTable:
    @pytest.mark.parametrize(
        "text", ["", "[tool.danac]\n", "[tool.danac]\ncoerce = false\n", "# tool.danac\n"]
    )
    def test_without_the_option(self, project, text):
        assert options_for(project(text)) == DEFAULT

    def test_an_edit_is_seen(self, project):
        assert options_for(project(SETTINGS)) == COERCE
        program = project(SETTINGS.replace("true", "false"))
        assert options_for(program) == DEFAULT

    def test_settings_of_the_runtime_are_none_of_the_compiler_s(self, project):
        text = "[tool.danac]\ntimeout = 5\nmax_parallel_depth = 1\n"
        assert options_for(project(text)) == DEFAULT
        assert options_for(project(f"{text}coerce = true\n")) == COERCE

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("coerse = true", "unknown key 'coerse' in [tool.danac]. Did you mean 'coerce'?"),
            ("Coerce = true", "unknown key 'Coerce' in [tool.danac]. Did you mean 'coerce'?"),
            ("colour = 5", "unknown key 'colour' in [tool.danac]; its keys are coerce, ignore"),
            ("timout = 5", "unknown key 'timout' in [tool.danac]. Did you mean 'timeout'?"),
            (
                "[tool.danac.block]",
                "unknown key 'block' in [tool.danac]; its keys are coerce, ignore",
            ),
            ("coerce = 'yes'", "coerce in [tool.danac] must be true or false, not 'yes'"),
            ("coerce = 1", "coerce in [tool.danac] must be true or false, not 1"),
        ],
    )
    def test_wrong_key_or_value(self, project, text, message):
        program = project(f"[tool.danac]\n{text}\n")
        with pytest.raises(UsageError) as caught:
            options_for(program)
        assert str(caught.value) == f"{program.parent / 'pyproject.toml'}: {message}"

    def test_wrong_table(self, project):
        with pytest.raises(
            UsageError, match=r"tool\.danac must be a table, its keys are coerce, ignore$"
        ):
            options_for(project("tool.danac = true\n"))

    @pytest.mark.parametrize("content", [b"[tool.danac]\ncoerce =\n", b"[tool.danac]\n# \xff\n"])
    def test_file_that_is_no_toml(self, project, content):
        with pytest.raises(UsageError, match=r"pyproject\.toml is not valid TOML: [^\n]+$"):
            options_for(project(content))

    @pytest.mark.parametrize(
        ("text", "expected"), [("[project]\nname = 'danac'\n", "False"), (SETTINGS, "True")]
    )
    def test_only_a_file_with_the_table_is_parsed(self, project, run_python, text, expected):
        program = project(text)
        program.write_text("import sys\nprint('tomllib' in sys.modules)\n")
        for _ in range(2):
            completed = run_python("-m", "danac", "run", program, measured=False)
            assert (completed.stdout, completed.stderr) == (f"{expected}\n", "")


class TestCommands:
    """Each command takes the option from its command line and from the project."""

    TEXT = "n = 5\ntext = '6'\nprint(n + text, n < text)\n"

    @pytest.fixture
    def danac(self, tmp_path, run_danac):
        (tmp_path / "src").mkdir()
        (tmp_path / "src" / "a.dana").write_text(self.TEXT)

        def run(*arguments, settings="", **options):
            (tmp_path / "pyproject.toml").write_text(settings)
            return run_danac(*arguments, cwd=tmp_path, **options)

        return run

    def test_run(self, danac):
        def result(completed):
            return completed.stdout or completed.stderr.splitlines()[-1].partition(":")[0]

        # The bytecode of one way must not be taken for that of another.
        for _ in range(2):
            assert result(danac("run", "src/a.dana")) == "TypeError"
            assert result(danac("run", "--coerce", "src/a.dana")) == "56 True\n"
            assert result(danac("run", "src/a.dana", settings=SETTINGS)) == "56 True\n"
            assert result(danac("run", "src/a.dana", "--coerce")) == "TypeError"
        assert result(danac("run", "--coerce", "-", stdin=self.TEXT)) == "56 True\n"
        assert result(danac("run", "-", stdin=self.TEXT, settings=SETTINGS)) == "56 True\n"
        assert result(danac("run", "-", stdin=self.TEXT)) == "TypeError"

    @pytest.mark.parametrize("stage", ["python", "ast", "bytecode"])
    def test_show(self, danac, stage):
        arguments = ("show", "--stage", stage, "src/a.dana")
        assert "coerce" not in danac(*arguments).stdout
        shown = danac(*arguments, "--coerce").stdout
        assert "coerce" in shown
        assert danac(*arguments, settings=SETTINGS).stdout == shown

    def test_build(self, danac, tmp_path):
        built = tmp_path / "src" / "a.py"
        danac("build", "src")
        assert "coerce" not in built.read_text()
        danac("build", "--coerce", "src")
        text = built.read_text()
        assert "coerce" in text
        built.unlink()
        danac("build", "src", settings=SETTINGS)
        assert built.read_text() == text

    def test_check(self, danac):
        for options in ({}, {"settings": SETTINGS}):
            completed = danac("check", "--coerce", "src", **options)
            assert (completed.returncode, completed.stdout) == (0, "")

    @pytest.mark.parametrize("command", ["run", "show", "build", "check"])
    def test_wrong_settings_are_a_usage_error(self, danac, tmp_path, command):
        completed = danac(command, "src/a.dana", settings="[tool.danac]\ncoerse = true\n")
        assert (completed.returncode, completed.stdout) == (2, "")
        assert completed.stderr == (
            f"danac: error: {tmp_path / 'pyproject.toml'}: unknown key 'coerse' in [tool.danac]."
            " Did you mean 'coerce'?\n"
        )
        assert os.listdir(tmp_path / "src") == ["a.dana"]


class TestImports:
    MODULES = ("one/m.dana", "two/n.na")

    @pytest.fixture
    def files(self, tmp_path):
        for name in self.MODULES:
            path = tmp_path / name
            path.parent.mkdir()
            path.write_text("def f(a, b): return a + b\n")
        (tmp_path / "one" / "pyproject.toml").write_text(SETTINGS)
        body = (
            "for f in (m.f, n.f):\n"
            "    try:\n        print(f(1, 'x'))\n"
            "    except TypeError:\n        print('TypeError')\n"
        )
        (tmp_path / "a.dana").write_text(f"import m, n\n{body}")
        (tmp_path / "a.py").write_text(f"import danac\ndanac.install()\nimport m, n\n{body}")
        path = os.pathsep.join([str(tmp_path / "one"), str(tmp_path / "two")])
        return {"cwd": tmp_path, "env": {"DANAPATH": path}}

    def test_each_module_is_compiled_as_its_own_project_says(self, files, run_danac, run_python):
        for _ in range(2):
            assert run_danac("run", "a.dana", **files).stdout == "1x\nTypeError\n"
            assert run_python("a.py", **files).stdout == "1x\nTypeError\n"

    def test_option_of_the_command_line_holds_for_all(self, files, run_danac, run_python):
        for _ in range(2):
            assert run_danac("run", "--coerce", "a.dana", **files).stdout == "1x\n1x\n"
            assert run_python("a.py", **files).stdout == "1x\nTypeError\n"

    def test_option_ends_with_the_program(self, files, run_python):
        script = (
            "import sys, danac.cli\n"
            "for line in (['run', '--coerce', 'a.dana'], ['run', 'a.dana']):\n"
            "    danac.cli.main(line)\n"
            "    del sys.modules['m'], sys.modules['n']\n"
        )
        assert run_python("-c", script, **files).stdout == "1x\n1x\n1x\nTypeError\n"

    def test_wrong_settings_are_an_import_error(self, files, run_python):
        project = files["cwd"] / "two" / "pyproject.toml"
        project.write_text("[tool.danac]\ncoerce = 'no'\n")
        completed = run_python("a.py", **files)
        assert completed.returncode == 1
        lines = completed.stderr.splitlines()
        assert [line for line in lines if line.startswith("  File")] == [
            f'  File "{files["cwd"] / "a.py"}", line 3, in <module>'
        ]
        assert lines[-1] == (
            f"ImportError: {project}: coerce in [tool.danac] must be true or false, not 'no'"
        )

    @pytest.mark.skipif(sys.platform == "win32", reason="paths of POSIX")
    def test_tools_that_ask_the_loader_get_the_same_code(self, files, run_python):
        script = (
            "import danac, importlib.util; danac.install()\n"
            "for name in 'mn':\n"
            "    loader = importlib.util.find_spec(name).loader\n"
            "    data = loader.get_data(loader.path)\n"
            "    codes = loader.get_code(name), loader.source_to_code(data, loader.path)\n"
            "    print(*('coerce_add' in str(code.co_names + code.co_consts) for code in codes))\n"
        )
        assert run_python("-c", script, **files).stdout == "True True\nFalse False\n"
