BEGIN TRANSACTION;
CREATE TABLE designer_campaigns (
	name TEXT NOT NULL, 
	created_at TEXT NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "designer_campaigns" VALUES('films','2026-11-30T01:55:29.827798+00:00');
CREATE TABLE designer_events (
	campaign TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	payload TEXT NOT NULL, 
	PRIMARY KEY (campaign, position), 
	FOREIGN KEY(campaign) REFERENCES designer_campaigns (name)
);
INSERT INTO "designer_events" VALUES('films',1,'created','{"v":1,"at":"2026-11-30T01:55:29.827798Z","kind":"created","name":"films","spec":{"designer":1,"name":"films","space":[{"name":"film","kind":"composition","elements":["Ni","Fe","Co"],"unit":"at.%","step":10},{"name":"T","kind":"numeric","unit":"degC","bounds":[300,600],"step":25},{"name":"gas","kind":"categorical","choices":["N2","air"]}],"targets":[{"name":"loss","unit":"mV","goal":"minimize","reach":320}],"batch_size":2,"initial":6,"budget":20},"pool_digest":null,"versions":{"designer":"0.2.0","numpy":"2.4.6"}}');
INSERT INTO "designer_events" VALUES('films',2,'suggested','{"v":1,"at":"2026-11-30T01:55:31.086325Z","kind":"suggested","designs":[{"id":"S0001","design":{"film.Ni":30.0,"film.Fe":40.0,"film.Co":30.0,"T":450.0,"gas":"N2"},"score":null,"note":"fills the space","plain":false},{"id":"S0002","design":{"film.Ni":40.0,"film.Fe":20.0,"film.Co":40.0,"T":400.0,"gas":"air"},"score":null,"note":"fills the space","plain":false},{"id":"S0003","design":{"film.Ni":20.0,"film.Fe":70.0,"film.Co":10.0,"T":550.0,"gas":"air"},"score":null,"note":"fills the space","plain":false}],"based_on":1,"how":"initial","notes":[],"versions":{"designer":"0.2.0","numpy":"2.4.6"}}');
INSERT INTO "designer_events" VALUES('films',3,'recorded','{"v":1,"at":"2026-11-30T01:55:31.118084Z","kind":"recorded","measurement":"M0001","suggestion":"S0001","design":{"film.Ni":30.0,"film.Fe":40.0,"film.Co":30.0,"T":450.0,"gas":"N2"},"values":{"loss":412.5},"noise":{},"replicate":null,"notes":[]}');
INSERT INTO "designer_events" VALUES('films',4,'failed','{"v":1,"at":"2026-11-30T01:55:31.153238Z","kind":"failed","suggestion":"S0002","design":{"film.Ni":40.0,"film.Fe":20.0,"film.Co":40.0,"T":400.0,"gas":"air"},"reason":"film peeled"}');
INSERT INTO "designer_events" VALUES('films',5,'amended','{"v":1,"at":"2026-11-30T01:55:31.167659Z","kind":"amended","measurement":"M0001","values":{"loss":409.0},"noise":{},"design":null,"reason":"read again"}');
INSERT INTO "designer_events" VALUES('films',6,'withdrawn','{"v":1,"at":"2026-11-30T01:55:31.183778Z","kind":"withdrawn","subject":"S0003","reason":"too costly"}');
INSERT INTO "designer_events" VALUES('films',7,'space_changed','{"v":1,"at":"2026-11-30T01:55:31.204283Z","kind":"space_changed","space":[{"name":"film","kind":"composition","step":10.0,"elements":["Ni","Fe","Co"],"unit":"at.%"},{"name":"T","kind":"numeric","unit":"degC","bounds":[300.0,650.0],"step":25.0},{"name":"gas","kind":"categorical","choices":["N2","air"]}],"constraints":[],"changes":["T: bounds was (300.0, 600.0) and is (300.0, 650.0)"]}');
CREATE TABLE designer_jobs (
	id TEXT NOT NULL, 
	"key" TEXT, 
	fingerprint TEXT NOT NULL, 
	campaign TEXT NOT NULL, 
	user TEXT NOT NULL, 
	via TEXT NOT NULL, 
	arguments TEXT NOT NULL, 
	state TEXT NOT NULL, 
	asked_at TEXT NOT NULL, 
	started_at TEXT, 
	finished_at TEXT, 
	outcome TEXT, 
	PRIMARY KEY (id), 
	UNIQUE ("key")
);
INSERT INTO "designer_jobs" VALUES('d3e0876f2e544a69bf06','f4abb477785d05650f15d81c5cc926094795bc5bae1a975e8b39d936306378fb','af46273e9a843e10ab4fee3af156bc2a4d77f01885f06ca86985d36be7fbc78c','films','eve','page','{"n": 3, "replicate_of": []}','done','2026-11-30T01:55:29.917357+00:00','2026-11-30T01:55:29.957729+00:00','2026-11-30T01:55:31.105134+00:00','{"first": 2, "last": 2}');
CREATE TABLE designer_requests (
	number INTEGER NOT NULL, 
	"key" TEXT NOT NULL, 
	at TEXT NOT NULL, 
	user TEXT NOT NULL, 
	via TEXT NOT NULL, 
	verb TEXT NOT NULL, 
	campaign TEXT NOT NULL, 
	first INTEGER, 
	last INTEGER, 
	fingerprint TEXT NOT NULL, 
	reply TEXT, 
	PRIMARY KEY (number), 
	UNIQUE ("key")
);
INSERT INTO "designer_requests" VALUES(1,'df947c96e1e895245d8fb993321f26e279f2f029e031942da87a4f80b51201b2','2026-11-30T01:55:29.866898+00:00','ada','http','create','films',1,1,'c6a67369b284700b98d611c6dd56d2899ea1ab43dccf69b29f6ef39dc8185cfe','{"id": "films", "name": "films", "columns": ["film.Ni", "film.Fe", "film.Co", "T", "gas"], "targets": ["loss"], "candidates": null, "version": 1}');
INSERT INTO "designer_requests" VALUES(2,'d3e0876f2e544a69bf06','2026-11-30T01:55:31.096583+00:00','eve','page','suggest','films',2,2,'',NULL);
INSERT INTO "designer_requests" VALUES(3,'5d5c42f12033df1c8a1d66bcc9e8445fa003118ed17d1a2ff158fe3cf361c613','2026-11-30T01:55:31.134142+00:00','eve','page','record','films',3,3,'ffbf6dd23da9af4b31406b0a643eb718263ac950241a3aeaa4578971dd160879','{"recorded": ["M0001"], "completed": [], "failed": [], "unchanged": [], "blank": [], "flags": {}, "faults": [], "changed": true, "version": 3}');
INSERT INTO "designer_requests" VALUES(4,'a24e0f53bc6b46f59610a4efc028c2be','2026-11-30T01:55:31.154137+00:00','eve','page','fail','films',4,4,'8844289ab7c1ab2e027a294d39ed7bc6d128ac9a19df7824496d46fab4bf7e38',NULL);
INSERT INTO "designer_requests" VALUES(5,'63a897fe9046482da71278b1387d352e','2026-11-30T01:55:31.168078+00:00','ada','http','amend','films',5,5,'b4a7dd3d4fbf3785f5a437e5c481ad666adf5efefd482a2eb0f41babf9502094',NULL);
INSERT INTO "designer_requests" VALUES(6,'0f937fdb6b9e4c6bac96e96fae11169a','2026-11-30T01:55:31.184294+00:00','ada','http','withdraw','films',6,6,'40ceaa6c3c1616678d7078328a52ca698012661b69acbc45a8fbd44dc1c53cb5',NULL);
INSERT INTO "designer_requests" VALUES(7,'9b6881f15200403eac1afae8287ba143','2026-11-30T01:55:31.205043+00:00','ada','http','amend_space','films',7,7,'8a0378a915746ea1f8f290e89427e7be81fdb925a3e44db3d42f1a60573b51c9',NULL);
CREATE TABLE designer_schema (
	version INTEGER NOT NULL, 
	PRIMARY KEY (version)
);
INSERT INTO "designer_schema" VALUES(1);
CREATE TABLE designer_service_schema (
	version INTEGER NOT NULL, 
	PRIMARY KEY (version)
);
INSERT INTO "designer_service_schema" VALUES(1);
CREATE TABLE designer_sessions (
	digest TEXT NOT NULL, 
	token TEXT NOT NULL, 
	created_at TEXT NOT NULL, 
	expires_at TEXT NOT NULL, 
	PRIMARY KEY (digest), 
	FOREIGN KEY(token) REFERENCES designer_tokens (id)
);
INSERT INTO "designer_sessions" VALUES('1577195388ceb44f3bafb836284f33ce53fe2cfc7eca4659de56a9a6ded7706a','5d74f04e','2026-11-30T01:55:28.468122+00:00','2026-11-30T13:55:28.468122+00:00');
CREATE TABLE designer_tokens (
	id TEXT NOT NULL, 
	user TEXT NOT NULL, 
	role TEXT NOT NULL, 
	digest TEXT NOT NULL, 
	created_at TEXT NOT NULL, 
	expires_at TEXT, 
	revoked_at TEXT, 
	PRIMARY KEY (id)
);
INSERT INTO "designer_tokens" VALUES('5d74f04e','ada','admin','0d54c46b4e576ff8ef86b21f1c7d4caf309c1b9da23e938cd325ca1d368f6d4c','2026-11-30T01:55:28.424325+00:00',NULL,NULL);
INSERT INTO "designer_tokens" VALUES('fdeb5bc1','eve','record','46509dcb622c1ec00c8e02f4c4d6031361edabf20bf8bbedf7fe1983505446b6','2026-11-30T01:55:28.450687+00:00','2026-12-30T01:55:28.450687+00:00',NULL);
CREATE INDEX ix_designer_requests_campaign ON designer_requests (campaign);
CREATE INDEX ix_designer_jobs_state ON designer_jobs (state);
CREATE INDEX ix_designer_jobs_campaign ON designer_jobs (campaign);
COMMIT;
