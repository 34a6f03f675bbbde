"""The HTTP API: suggestions, results and amendments; every error is a problem with all its faults."""

from __future__ import annotations

import io
import json
import re
import time
from typing import Any

import pytest

from designer.service.lab import Lab
from tests.service.conftest import CAMPAIGN, Client

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def faults(answer: Any) -> list[str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return [each["what"] for each in answer.json()["faults"]]


class TestCampaigns:
    def test_a_name_is_used_once(self, admin: Client) -> None:
        path = admin.begin()
        again = admin("POST", "/campaigns", json=CAMPAIGN)
        assert again.status_code == 422
        assert faults(again) == ["a campaign 'films' exists"]
        data = admin("GET", path).json()
        assert (data["name"], data["version"], data["budget"]) == ("films", 1, 20)
        assert [column["name"] for column in data["parameters"][0]["columns"]] == ["film.Ni", "film.Fe", "film.Co"]

    def test_all_yaml_faults_are_reported_with_lines(self, admin: Client) -> None:
        text = (
            "designer: 1\nname: wrong\nspace:\n  - {name: T, kind: numeric, bounds: [600, 300]}\n"
            "targets:\n  - {name: y, goal: maximise}\nmeasure: {kind: command, argv: [rm]}\n"
        )
        answer = admin("POST", "/campaigns", content=text, headers={"Content-Type": "application/yaml"})
        assert answer.status_code == 422
        found = {each["line"]: each["what"] for each in answer.json()["faults"]}
        assert found[4].startswith("bounds [600, 300] are the wrong way round")
        assert found[6].startswith("'goal' cannot be 'maximise'")
        assert "cannot measure by 'command'" in found[7]
        assert admin("GET", "/campaigns").json()["campaigns"] == []

    def test_checking_writes_nothing(self, admin: Client) -> None:
        assert admin("POST", "/campaigns/check", json=CAMPAIGN).json()["name"] == "films"
        assert admin("GET", "/campaigns").json()["campaigns"] == []

    def test_units_of_any_text_are_read_at_once(self, admin: Client) -> None:
        content = json.loads(json.dumps(CAMPAIGN))
        content["targets"][0]["unit"] = "m**10**10**10"
        begin = time.perf_counter()
        (note,) = admin("POST", "/campaigns/check", json=content).json()["notes"]
        assert note.startswith("unit 'm**10**10**10' of ")
        assert "is a label (a power has no power)" in note
        path = admin.begin()
        rows = f"suggestion,{CAMPAIGN['targets'][0]['name']} [9**9**9**9]\nS0001,5\n"
        answer = admin("POST", f"{path}/measurements/check", content=rows, headers={"Content-Type": "text/csv"})
        assert "unit '9**9**9**9' is not known" in answer.text
        assert time.perf_counter() - begin < 10

    def test_any_name_has_a_url(self, admin: Client) -> None:
        path = admin.begin(name="Ni/Fe films? 100 %")
        assert admin("GET", path).json()["name"] == "Ni/Fe films? 100 %"
        assert len(admin.ask(path)) == 2

    @pytest.mark.parametrize("path", ["none", "~", "~YQ", "~AAA", "a%2Fb", "%00", "x" * 300])
    def test_unknown_campaigns(self, admin: Client, path: str) -> None:
        answer = admin("GET", f"/campaigns/{path}")
        assert answer.status_code in (404, 422)
        assert answer.headers["content-type"] == "application/problem+json"

    def test_lists_are_paged_and_searched(self, admin: Client) -> None:
        for name in ("b", "a", "c-films", "d"):
            admin.begin(name=name)
        first = admin("GET", "/campaigns?limit=3").json()
        assert [each["name"] for each in first["campaigns"]] == ["a", "b", "c-films"]
        rest = admin("GET", f"/campaigns?limit=3&after={first['next']}").json()
        assert ([each["name"] for each in rest["campaigns"]], rest["next"]) == (["d"], None)
        assert [each["name"] for each in admin("GET", "/campaigns?search=FILM").json()["campaigns"]] == ["c-films"]

    def test_a_suggestion_has_the_id_of_its_candidate(self, admin: Client) -> None:
        table = "sample,T [degC],gas\nA-1,300,N2\nA-2,400,air\nA-3,500,N2\n"
        kept = admin("POST", "/tables?filename=pool.csv", content=table, headers={"Content-Type": "text/csv"}).json()
        path = admin.begin(space=CAMPAIGN["space"][1:], candidates=kept["candidates"], id_column="sample")
        found = admin.ask(path, 3)
        assert {each["candidate"] for each in found} == {"A-1", "A-2", "A-3"}
        assert admin("GET", f"{path}/suggestions/S0001").json()["candidate"] == found[0]["candidate"]
        assert admin.ask(admin.begin(name="others"), 1)[0]["candidate"] is None

    def test_candidates_are_uploaded_first(self, admin: Client) -> None:
        table = "T [degC],gas\n300,N2\n400,air\n500,N2\n"
        kept = admin("POST", "/tables?filename=pool.csv", content=table, headers={"Content-Type": "text/csv"}).json()
        assert (kept["rows"], kept["columns"]) == (3, ["T [degC]", "gas"])
        path = admin.begin(space=CAMPAIGN["space"][1:], candidates=kept["candidates"])
        made = {(each["design"]["T"], each["design"]["gas"]) for each in admin.ask(path, n=3)}
        assert made == {(300.0, "N2"), (400.0, "air"), (500.0, "N2")}


class TestResults:
    def test_the_loop(self, admin: Client) -> None:
        path = admin.begin()
        first, second = admin.ask(path)
        done = admin.record(
            path, {"suggestion": first["id"], "loss": "0.412 V"}, {"suggestion": second["id"], "T": 310, "loss": 388}
        )
        assert done.json()["recorded"] == ["M0001", "M0002"]
        assert "made differently" in done.json()["flags"]["M0002"][0]
        data = admin("GET", path).json()
        assert (data["recorded"], data["open"], data["best"][0]["measured"]) == (2, 0, {"loss": 388.0})
        (third,) = admin.ask(path, n=1)
        failed = admin("POST", f"{path}/suggestions/{third['id']}/failure", json={"reason": "peeled"})
        assert failed.json()["failed"] == [third["id"]]
        (fourth,) = admin.ask(path, n=1)
        assert admin("POST", f"{path}/suggestions/{fourth['id']}/withdrawal", json={}).json()["changed"]
        statuses = [each["status"] for each in admin("GET", f"{path}/suggestions").json()["suggestions"]]
        assert statuses == ["recorded", "recorded", "failed", "withdrawn"]
        assert admin("GET", f"{path}/verdict").json()["stop"] is False
        assert admin("GET", f"{path}/best").json()["best"][0]["id"] == second["id"]

    def test_forbidden_results_are_listed_apart(self, admin: Client) -> None:
        path = admin.begin(space=CAMPAIGN["space"][1:])
        results = [{"T": 300, "gas": "N2", "loss": 310}, {"T": 400, "gas": "air", "loss": 500}]
        assert admin("POST", f"{path}/measurements?attach=true", json={"rows": results}).is_success
        assert admin("GET", f"{path}").json()["verdict"]["stop"]
        headers = {"If-Match": admin("GET", f"{path}/space").headers["etag"]}
        assert admin("PATCH", f"{path}/space", json={"constraints": ["gas == air"]}, headers=headers).is_success
        for data in (admin("GET", path).json(), admin("GET", f"{path}/best").json()):
            assert [each["id"] for each in data["best"]] == ["M0002"]
            assert [(each["id"], each["forbidden"]) for each in data["forbidden"]] == [
                ("M0001", "violates 'gas == air'")
            ]
        assert not admin("GET", f"{path}").json()["verdict"]["stop"]
        figure = admin("GET", f"{path}/progress.svg?target=loss").text
        assert "not allowed now" in figure

    def test_more_suggestions_than_the_budget_are_remarked(self, admin: Client) -> None:
        path = admin.begin(budget=3)
        assert admin.job(path, 3)["notes"] == []
        assert admin("GET", path).json()["remarks"] == []
        remark = "0 of 3 experiments made and 4 open: 1 more than the budget"
        assert admin.job(path, 1)["notes"] == [remark]
        assert admin("GET", path).json()["remarks"] == [remark]

    def test_every_fault_of_json_rows_has_its_path(self, admin: Client) -> None:
        path = admin.begin()
        first, second = admin.ask(path)
        wrong = {"suggestion": first["id"], "loss": "many"}, {"suggestion": "S9", "loss": 3}
        answer = admin.record(path, *wrong, {"suggestion": second["id"], "lost": 1})
        assert answer.status_code == 422
        places = {tuple(each["path"]) for each in answer.json()["faults"]}
        assert ("rows", 0, "loss") in places
        assert ("rows", 1, "suggestion") in places
        assert any("unknown column" in what for what in faults(answer))
        assert admin("GET", path).json()["version"] == 2, "nothing was written"

    @pytest.mark.parametrize("kind", ["csv", "xlsx"])
    def test_an_uploaded_sheet_is_recorded(self, admin: Client, kind: str) -> None:
        path = admin.begin()
        admin.ask(path)
        lines = [line.split(",") for line in admin("GET", f"{path}/sheet.csv").text.splitlines()]
        assert lines[0][:4] == ["suggestion", "film.Ni [at.%]", "film.Fe [at.%]", "film.Co [at.%]"]
        assert lines[0][4:] == ["T [degC]", "gas", "loss [mV]"]
        lines[1][-1], lines[2][-1] = "410", "warm"
        checked = send(admin, f"{path}/measurements/check?filename=next.{kind}", lines, kind).json()
        assert checked["recorded"] == ["M0001"]
        assert [(each["row"], each["column"], each["file"]) for each in checked["faults"]] == [
            (3, "loss [mV]", f"next.{kind}")
        ]
        assert send(admin, f"{path}/measurements?filename=next.{kind}", lines, kind).status_code == 422
        done = send(admin, f"{path}/measurements?filename=next.{kind}&partial=true", lines, kind).json()
        assert (done["recorded"], len(done["faults"])) == (["M0001"], 1)

    def test_trade_offs_and_ternary_diagrams_are_pictures_of_the_page(self, admin: Client) -> None:
        targets = [{"name": "loss", "goal": "minimize"}, {"name": "life", "goal": "maximize"}]
        path = admin.begin(targets=targets)
        for name, picture in (("trade-off", "first=loss&second=life"), ("ternary", "target=loss&parameter=film")):
            address = f"{path}/{name}.svg?{picture}"
            assert admin("GET", address).status_code == (200 if name == "trade-off" else 422), "nothing is measured yet"
        found = admin.ask(path, 4)
        admin.record(path, *({"suggestion": each["id"], "loss": i, "life": i * i} for i, each in enumerate(found)))
        for picture in ("trade-off.svg?first=loss&second=life", "ternary.svg?target=loss&parameter=film"):
            answer = admin("GET", f"{path}/{picture}")
            assert answer.status_code == 200, answer.text
            assert answer.headers["content-type"] == "image/svg+xml"
            assert answer.text.startswith("<svg")
        assert admin("GET", f"{path}/trade-off.svg?first=loss&second=none").status_code == 422
        wrong = admin("GET", f"{path}/ternary.svg?target=loss&parameter=gas")
        assert "no mixture 'gas'" in wrong.text
        admin.http.post("/login", data={"token": admin.token})
        page = admin.http.get(f"/c/{path.rpartition('/')[2]}").text
        assert "trade-off.svg?first=loss&amp;second=life" in page
        assert len(re.findall(r"<img [^>]*ternary.svg", page)) == 2

    def test_page_names_candidates_of_results(self, admin: Client) -> None:
        table = "sample,T [degC],gas\nA-1,300,N2\nA-2,400,air\nA-3,500,N2\n"
        kept = admin("POST", "/tables?filename=pool.csv", content=table, headers={"Content-Type": "text/csv"}).json()
        path = admin.begin(space=CAMPAIGN["space"][1:], candidates=kept["candidates"], id_column="sample")
        (first, _) = admin.ask(path, 2)
        body = f"sample,loss\n{first['candidate']},400\n"
        done = admin("POST", f"{path}/measurements", content=body, headers={"Content-Type": "text/csv"})
        assert done.json()["recorded"] == ["M0001"]
        admin.http.post("/login", data={"token": admin.token})
        page = admin.http.get(f"/c/{path.rpartition('/')[2]}").text
        assert "<th>sample</th>" in page
        assert f"<td>{first['candidate']}</td>" in page

    def test_sheet_names_candidates_and_may_be_printed_in_an_order(self, admin: Client) -> None:
        table = "sample,T [degC],gas\nA-1,300,N2\nA-2,400,air\nA-3,500,N2\n"
        kept = admin("POST", "/tables?filename=pool.csv", content=table, headers={"Content-Type": "text/csv"}).json()
        path = admin.begin(space=CAMPAIGN["space"][1:], candidates=kept["candidates"], id_column="sample")
        assert admin("GET", f"{path}/run-sheet.html").status_code == 422
        admin.ask(path, 2)
        assert admin("GET", f"{path}/sheet.csv").text.startswith("suggestion,sample,")
        page = admin("GET", f"{path}/run-sheet.html?order=least-changes")
        assert page.headers["content-type"].startswith("text/html")
        assert "sandbox" in page.headers["content-security-policy"]
        assert "order of least changes" in page.text
        assert "A-" in page.text
        assert admin("GET", f"{path}/run-sheet.html?order=alphabetical").status_code == 422

    def test_results_without_a_suggestion(self, admin: Client) -> None:
        path = admin.begin()
        text = "film.Ni,film.Fe,film.Co,T,gas,loss\n50,50,0,310,N2,401\n"
        done = admin("POST", f"{path}/measurements?attach=true", content=text, headers={"Content-Type": "text/csv"})
        assert done.json()["recorded"] == ["M0001"]
        assert admin("GET", path).json()["attached"] == 1

    def test_amendments_name_the_version_they_change(self, admin: Client) -> None:
        path = admin.begin()
        first, _ = admin.ask(path)
        admin.record(path, {"suggestion": first["id"], "loss": 400})
        seen = admin("GET", f"{path}/measurements/M0001").headers["etag"]
        change = {"values": {"loss": 327}, "reason": "misread"}
        assert admin("PATCH", f"{path}/measurements/M0001", json=change).status_code == 428
        assert admin("PATCH", f"{path}/measurements/M0001", json=change, headers={"If-Match": seen}).json()["changed"]
        other = admin("PATCH", f"{path}/measurements/M0001", json={"values": {"loss": 1}}, headers={"If-Match": seen})
        assert other.status_code == 412
        assert "M0001 was changed since version" in other.json()["detail"]
        now = admin("GET", f"{path}/measurements/M0001")
        assert (now.json()["values"], now.json()["amended"]) == ({"loss": 327.0}, True)
        gone = admin(
            "POST", f"{path}/measurements/M0001/withdrawal", json={}, headers={"If-Match": now.headers["etag"]}
        )
        assert gone.json()["changed"]

    def test_a_censored_result_is_recorded_amended_and_shown(self, admin: Client) -> None:
        path = admin.begin()
        first, second = admin.ask(path)
        admin.record(path, {"suggestion": first["id"], "loss": "<300"}, {"suggestion": second["id"], "loss": 350})
        seen = admin("GET", f"{path}/measurements/M0001")
        assert (seen.json()["values"], seen.json()["censored"]) == ({"loss": 300.0}, {"loss": "<"})
        (best,) = admin("GET", path).json()["best"]
        assert (best["measured"], best["censored"]) == ({"loss": 300.0}, {"loss": "<"})
        change = {"values": {"loss": ">500"}}
        headers = {"If-Match": seen.headers["etag"]}
        assert admin("PATCH", f"{path}/measurements/M0001", json=change, headers=headers).json()["changed"]
        assert admin("GET", f"{path}/measurements/M0001").json()["censored"] == {"loss": ">"}
        refused = admin.record(path, {"suggestion": second["id"], "loss": "<warm"})
        assert refused.status_code == 422
        assert tuple(refused.json()["faults"][0]["path"]) == ("rows", 0, "loss")

    def test_other_writes_do_not_change_the_version_of_a_measurement(self, admin: Client) -> None:
        path = admin.begin()
        first, second = admin.ask(path)
        admin.record(path, {"suggestion": first["id"], "loss": 400})
        seen = admin("GET", f"{path}/measurements/M0001").headers["etag"]
        admin.record(path, {"suggestion": second["id"], "loss": 390})
        answer = admin("PATCH", f"{path}/measurements/M0001", json={"values": {"loss": 5}}, headers={"If-Match": seen})
        assert answer.status_code == 200

    def test_a_change_of_the_space_names_its_version(self, admin: Client) -> None:
        path = admin.begin()
        seen = admin("GET", f"{path}/space").headers["etag"]
        change = {"bounds": {"T": [300, 700]}, "add_choices": {"gas": ["Ar"]}}
        assert admin("PATCH", f"{path}/space", json=change, headers={"If-Match": seen}).json()["changed"]
        assert admin("PATCH", f"{path}/space", json=change, headers={"If-Match": seen}).status_code == 412
        found = {each["name"]: each for each in admin("GET", path).json()["parameters"]}
        assert (found["T"]["bounds"], found["gas"]["choices"]) == ([300, 700], ["N2", "air", "Ar"])
        wrong = admin("PATCH", f"{path}/space", json={"bounds": {"t": [1, 2]}}, headers={"If-Match": '"2"'})
        assert wrong.status_code == 422

    def test_beliefs_are_replaced(self, admin: Client) -> None:
        path = admin.begin()
        change = {"beliefs": [{"parameter": "T", "near": 400, "spread": 30}]}
        assert admin("PUT", f"{path}/beliefs", json=change).json()["changed"]
        assert not admin("PUT", f"{path}/beliefs", json=change).json()["changed"]
        assert any("Belief" in remark for remark in admin("GET", path).json()["remarks"])
        wrong = admin("PUT", f"{path}/beliefs", json={"beliefs": [{"parameter": "t", "near": 400, "spread": 30}]})
        assert wrong.status_code == 422
        assert admin("PUT", f"{path}/beliefs", json={"beliefs": []}).json()["changed"]
        assert not any("Belief" in remark for remark in admin("GET", path).json()["remarks"])


def send(client: Client, path: str, lines: list[list[str]], kind: str) -> Any:
    if kind == "csv":
        text = "\n".join(",".join(line) for line in lines)
        return client("POST", path, content=text, headers={"Content-Type": "text/csv"})
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for line in lines:
        book.active.append(line)
    buffer = io.BytesIO()
    book.save(buffer)
    return client("POST", path, content=buffer.getvalue(), headers={"Content-Type": XLSX})


class TestIdempotency:
    """A write with a key is carried out once."""

    def test_a_repeated_record_gets_the_first_reply(self, admin: Client) -> None:
        path = admin.begin()
        first, second = admin.ask(path)
        row = {"suggestion": first["id"], "loss": 400, "replicate": 1}
        answer = admin.record(path, row, **{"Idempotency-Key": "a"})
        assert admin.record(path, row, **{"Idempotency-Key": "a"}).json() == answer.json()
        other = admin.record(path, {"suggestion": second["id"], "loss": 1}, **{"Idempotency-Key": "a"})
        assert (other.status_code, other.json()["type"]) == (422, "/problems#key-reused")
        assert admin("GET", path).json()["measurements"] == 1

    def test_a_reply_lost_in_a_crash_is_rebuilt_from_the_events(self, admin: Client, lab: Lab) -> None:
        import sqlalchemy as sa

        from designer.service.store.schema import REQUESTS

        path = admin.begin()
        first, second = admin.ask(path)
        rows = [{"suggestion": first["id"], "loss": 400}, {"suggestion": second["id"], "loss": 401}]
        admin.record(path, *rows, **{"Idempotency-Key": "a"})
        with lab.store.transaction(write=True) as connection:
            connection.execute(sa.update(REQUESTS).values(reply=None))
        again = admin.record(path, *rows, **{"Idempotency-Key": "a"}).json()
        assert (again["recorded"], again["version"]) == (["M0001", "M0002"], 4)
        assert admin("GET", path).json()["measurements"] == 2

    def test_keys_belong_to_their_user(self, clients: Any) -> None:
        one, other = clients("steer"), clients("record")
        path = one.begin()
        first, second = one.ask(path)
        one.record(path, {"suggestion": first["id"], "loss": 4}, **{"Idempotency-Key": "a"})
        done = other.record(path, {"suggestion": second["id"], "loss": 5}, **{"Idempotency-Key": "a"})
        assert done.json()["recorded"] == ["M0002"]

    def test_a_repeated_request_is_the_same_job(self, admin: Client) -> None:
        path = admin.begin()
        first = admin.ask(path, **{"Idempotency-Key": "k"})  # type: ignore[arg-type]
        assert admin.ask(path, **{"Idempotency-Key": "k"}) == first  # type: ignore[arg-type]
        assert admin("GET", path).json()["open"] == 2

    def test_a_campaign_is_created_once(self, admin: Client) -> None:
        for _ in range(2):
            answer = admin("POST", "/campaigns", json=CAMPAIGN, headers={"Idempotency-Key": "c"})
            assert answer.status_code == 201


WITH_CONTEXT: dict[str, Any] = {
    "space": [
        {"name": "T", "kind": "numeric", "bounds": [300, 900]},
        {"name": "humidity", "kind": "numeric", "unit": "percent", "bounds": [10, 90], "role": "context"},
    ],
    "constraints": [],
}


class TestContexts:
    def test_suggestions_and_best_are_for_the_context(self, admin: Client) -> None:
        path = admin.begin(**WITH_CONTEXT)
        missing = admin("POST", f"{path}/suggestions", json={"n": 1})
        assert missing.status_code == 422
        assert faults(missing) == ["the context 'humidity' is missing"]
        body = {"n": 2, "context": {"humidity": "0.45 fraction"}}
        job = admin("POST", f"{path}/suggestions?wait=60", json=body).json()
        assert [each["design"]["humidity"] for each in job["suggestions"]] == [45.0, 45.0]
        rows = [{"suggestion": each["id"], "loss": 300 + i} for i, each in enumerate(job["suggestions"])]
        assert admin("POST", f"{path}/measurements", json={"rows": rows}).status_code == 200
        (best,) = admin("GET", f"{path}/best?context=humidity=60").json()["best"]
        assert best["design"]["humidity"] == 60.0
        assert admin("GET", f"{path}/best").json()["best"][0]["design"]["humidity"] is None
        assert admin("GET", f"{path}/best?context=humidity=99").status_code == 422
        assert admin("GET", f"{path}/best?context=humidity").status_code == 422

    def test_page_has_a_field_for_each_context(self, admin: Client) -> None:
        path = admin.begin(**WITH_CONTEXT)
        assert admin("GET", path).json()["parameters"][1]["role"] == "context"
        admin.http.post("/login", data={"token": admin.token})
        page = admin.http.get(f"/c/{path.rpartition('/')[2]}")
        assert page.status_code == 200
        assert '<input data-context="humidity"' in page.text


class TestFidelities:
    """Results at the levels of a fidelity over HTTP and on the page."""

    def test_results_have_a_level_and_the_best_is_of_the_last_one(self, admin: Client) -> None:
        space = [
            {"name": "x", "kind": "numeric", "bounds": [0, 1]},
            {"name": "method", "kind": "fidelity", "levels": ["film", "bulk"]},
        ]
        targets = [{"name": "loss", "goal": "minimize"}]
        path = admin.begin(space=space, targets=targets, constraints=[], cost="1 if method == bulk, 0.05")
        job = admin("POST", f"{path}/suggestions?wait=60", json={"n": 3}).json()
        assert [each["design"]["method"] for each in job["suggestions"]] == ["film", "bulk", "film"]
        rows = [{"suggestion": each["id"], "loss": 1} for each in job["suggestions"][::2]]
        assert admin("POST", f"{path}/measurements", json={"rows": rows}).status_code == 200
        assert admin("GET", f"{path}/best").json()["best"] == []
        wrong = [{"x": 0.5, "method": "bulc", "loss": 9}]
        unknown = admin("POST", f"{path}/measurements?attach=true", json={"rows": wrong})
        assert unknown.status_code == 422
        admin.http.post("/login", data={"token": admin.token})
        page = admin.http.get(f"/c/{path.rpartition('/')[2]}")
        assert page.status_code == 200
        assert "film" in page.text


class TestJobs:
    def test_progress_as_events(self, admin: Client) -> None:
        path = admin.begin()
        job = admin("POST", f"{path}/suggestions", json={}).json()
        text = admin("GET", f"/jobs/{job['id']}/events").text
        assert text.startswith("event: job\ndata: {")
        assert '"state": "done"' in text.strip().rpartition("event: job")[2]

    def test_a_failed_job_has_a_problem(self, admin: Client) -> None:
        path = admin.begin(space=[{"name": "gas", "kind": "categorical", "choices": ["N2", "air"]}])
        admin.ask(path)
        job = admin("POST", f"{path}/suggestions?wait=60", json={"n": 1}).json()
        assert (job["state"], job["problem"]["status"]) == ("failed", 409)
        assert admin("POST", f"{path}/suggestions", json={"n": 1, "replicate_of": ["S0001"]}).status_code == 422
        job = admin("POST", f"{path}/suggestions?wait=60", json={"replicate_of": ["S0001"]}).json()
        assert job["suggestions"][0]["how"] == "replicate"

    @pytest.mark.parametrize("n", [0, -1, 101, 1.5, "two", True])
    def test_invalid_numbers(self, admin: Client, n: Any) -> None:
        path = admin.begin()
        assert admin("POST", f"{path}/suggestions", json={"n": n}).status_code in ((202, 422) if n is True else (422,))

    def test_an_unknown_job(self, admin: Client) -> None:
        for name in ("none", "%00", "~"):
            assert admin("GET", f"/jobs/{name}").status_code == 404


class TestReading:
    def test_an_unchanged_version_is_not_sent_again(self, admin: Client) -> None:
        path = admin.begin()
        etag = admin("GET", path).headers["etag"]
        assert admin("GET", path, headers={"If-None-Match": etag}).status_code == 304
        admin.ask(path)
        assert admin("GET", path, headers={"If-None-Match": etag}).status_code == 200

    def test_history_and_audit_log_name_the_user(self, clients: Any) -> None:
        steerer, recorder, admin = clients("steer"), clients("record"), clients("admin")
        path = steerer.begin()
        (first,) = recorder.ask(path, n=1)
        recorder.record(path, {"suggestion": first["id"], "loss": 4})
        rows = admin("GET", f"{path}/history").json()["events"]
        assert [(row["user"], row["kind"]) for row in rows] == [
            ("recorder", "recorded"), ("recorder", "suggested"), ("steerer", "created"),
        ]  # fmt: skip
        assert rows[0]["what"] == "recorded M0001 of S0001: loss 4"
        trail = admin("GET", "/audit").json()["requests"]
        assert [(row["user"], row["verb"], row["first"], row["last"]) for row in trail] == [
            ("recorder", "record", 3, 3), ("recorder", "suggest", 2, 2), ("steerer", "create", 1, 1),
        ]  # fmt: skip

    def test_cards_and_predictions(self, admin: Client) -> None:
        path = admin.begin()
        one, two = admin.ask(path)
        assert admin("GET", f"{path}/suggestions/{one['id']}/card").json()["explanation"]["expected"] == []
        design = {key: value for key, value in one["design"].items() if key != "gas"}
        early = admin("POST", f"{path}/predictions", json={"designs": [one["design"]]})
        assert "too few for a model" in faults(early)[0]
        admin.record(path, {"suggestion": one["id"], "loss": 400}, {"suggestion": two["id"], "loss": 380})
        assert "gas" in str(admin("POST", f"{path}/predictions", json={"designs": [design]}).json()["faults"])
        found = admin("POST", f"{path}/predictions", json={"designs": [one["design"]]}).json()["predictions"][0]
        assert found["loss"]["low"] < found["loss"]["mean"] < found["loss"]["high"]
        (third,) = admin.ask(path, n=1)
        card = admin("GET", f"{path}/suggestions/{third['id']}/card").json()
        (expected,) = card["explanation"]["expected"]
        assert expected["low"] < expected["mean"] < expected["high"]
        assert card["paragraphs"][0][0] == "Expected"
        assert admin("GET", f"{path}/suggestions/{third['id']}/card.svg").text.startswith("<svg")

    def test_figure_report_and_tables(self, admin: Client) -> None:
        path = admin.begin()
        (first,) = admin.ask(path, n=1)
        admin.record(path, {"suggestion": first["id"], "loss": 400})
        figure = admin("GET", f"{path}/progress.svg?target=loss")
        assert (figure.headers["content-type"], figure.text[:4]) == ("image/svg+xml", "<svg")
        assert admin("GET", f"{path}/progress.svg?target=none").status_code == 422
        report = admin("GET", f"{path}/report.html")
        assert "films" in report.text
        assert "sandbox" in report.headers["content-security-policy"]
        assert admin("GET", f"{path}/measurements.csv").text.startswith("measurement,suggestion,")
        assert len(admin("GET", f"{path}/events.jsonl").text.splitlines()) == 3


class TestBadRequests:
    @pytest.mark.parametrize(
        ("method", "path", "options", "status"),
        [
            ("POST", "/campaigns", {"content": b"{", "headers": {"Content-Type": "application/json"}}, 400),
            ("POST", "/campaigns", {"content": b"[1]", "headers": {"Content-Type": "application/json"}}, 400),
            ("POST", "/campaigns", {"content": b"\xff", "headers": {"Content-Type": "application/yaml"}}, 400),
            ("POST", "/campaigns", {"content": b"a=1"}, 415),
            ("POST", "/campaigns", {"content": b"x" * 1_000_001, "headers": {"Content-Type": "application/yaml"}}, 413),
            ("POST", "/tables", {"content": b"PK", "headers": {"Content-Type": "application/zip"}}, 415),
            ("POST", "/tables", {"content": b"x" * 10_000_001, "headers": {"Content-Type": "text/csv"}}, 413),
            ("POST", "/tables?filename=a.xlsx", {"content": b"a,b\n", "headers": {"Content-Type": XLSX}}, 422),
            ("DELETE", "/campaigns", {}, 405),
            ("GET", "/nothing", {}, 404),
            ("GET", "/campaigns?limit=0", {}, 422),
            ("GET", "/campaigns?limit=many", {}, 422),
            ("GET", f"/audit?before={2**63}", {}, 422),
            ("DELETE", "/tokens/abc", {}, 422),
        ],
    )  # fmt: skip
    def test_bad_requests_are_problems(
        self, admin: Client, method: str, path: str, options: dict[str, Any], status: int
    ) -> None:
        answer = admin(method, path, **options)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"].startswith("/problems#")

    @pytest.mark.parametrize("text", ["a\0b", "\ud800"])
    def test_text_that_cannot_be_stored(self, admin: Client, text: str) -> None:
        import json

        path = admin.begin()
        (first,) = admin.ask(path, n=1)
        body = json.dumps({"reason": text}).encode()
        kind = {"Content-Type": "application/json"}
        answer = admin("POST", f"{path}/suggestions/{first['id']}/failure", content=body, headers=kind)
        assert answer.status_code == 422

    def test_invalid_numbers(self, admin: Client) -> None:
        path = admin.begin()
        (first,) = admin.ask(path, n=1)
        body = b'{"rows": [{"suggestion": "%s", "loss": NaN}]}' % first["id"].encode()
        answer = admin("POST", f"{path}/measurements", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 422
        assert "nan" in faults(answer)[0].lower()


def test_the_api_description_is_complete(admin: Client) -> None:
    schema = admin.http.get("/openapi.json").json()
    assert schema["openapi"].startswith("3.1")
    for path, operations in schema["paths"].items():
        assert path.startswith("/api/")
        for operation in operations.values():
            assert operation["description"], path
            assert "application/problem+json" in operation["responses"]["422"]["content"]
            assert operation["security"] == [{"HTTPBearer": []}]
