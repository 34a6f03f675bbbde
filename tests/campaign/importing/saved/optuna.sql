BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('v3.2.0.a');
CREATE TABLE studies (
	study_id INTEGER NOT NULL, 
	study_name VARCHAR(512) NOT NULL, 
	PRIMARY KEY (study_id)
);
INSERT INTO "studies" VALUES(1,'film');
INSERT INTO "studies" VALUES(2,'empty');
CREATE TABLE study_directions (
	study_direction_id INTEGER NOT NULL, 
	direction VARCHAR(8) NOT NULL, 
	study_id INTEGER NOT NULL, 
	objective INTEGER NOT NULL, 
	PRIMARY KEY (study_direction_id), 
	UNIQUE (study_id, objective), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "study_directions" VALUES(1,'MAXIMIZE',1,0);
INSERT INTO "study_directions" VALUES(2,'MINIMIZE',1,1);
INSERT INTO "study_directions" VALUES(3,'MINIMIZE',2,0);
CREATE TABLE study_system_attributes (
	study_system_attribute_id INTEGER NOT NULL, 
	study_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (study_system_attribute_id), 
	UNIQUE (study_id, "key"), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "study_system_attributes" VALUES(1,1,'study:metric_names','["strength", "cost"]');
CREATE TABLE study_user_attributes (
	study_user_attribute_id INTEGER NOT NULL, 
	study_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (study_user_attribute_id), 
	UNIQUE (study_id, "key"), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
CREATE TABLE trial_heartbeats (
	trial_heartbeat_id INTEGER NOT NULL, 
	trial_id INTEGER NOT NULL, 
	heartbeat DATETIME NOT NULL, 
	PRIMARY KEY (trial_heartbeat_id), 
	UNIQUE (trial_id), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE trial_intermediate_values (
	trial_intermediate_value_id INTEGER NOT NULL, 
	trial_id INTEGER NOT NULL, 
	step INTEGER NOT NULL, 
	intermediate_value FLOAT, 
	intermediate_value_type VARCHAR(7) NOT NULL, 
	PRIMARY KEY (trial_intermediate_value_id), 
	UNIQUE (trial_id, step), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE trial_params (
	param_id INTEGER NOT NULL, 
	trial_id INTEGER, 
	param_name VARCHAR(512), 
	param_value FLOAT, 
	distribution_json TEXT, 
	PRIMARY KEY (param_id), 
	UNIQUE (trial_id, param_name), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_params" VALUES(1,1,'temperature',550.0,'{"name": "FloatDistribution", "attributes": {"step": 25.0, "low": 300.0, "high": 900.0, "log": false}}');
INSERT INTO "trial_params" VALUES(2,1,'time',1.44868338872393366046e+02,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1.0, "high": 1000.0, "log": true}}');
INSERT INTO "trial_params" VALUES(3,1,'layers',1.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 1, "high": 5}}');
INSERT INTO "trial_params" VALUES(4,1,'gas',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["N2", "Ar", "air"]}}');
INSERT INTO "trial_params" VALUES(5,1,'speed',2.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [500, 1000, 2000]}}');
INSERT INTO "trial_params" VALUES(6,1,'purge',3.27901873061980637653e+01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1.0, "high": 60.0, "log": false}}');
INSERT INTO "trial_params" VALUES(7,2,'temperature',550.0,'{"name": "FloatDistribution", "attributes": {"step": 25.0, "low": 300.0, "high": 900.0, "log": false}}');
INSERT INTO "trial_params" VALUES(8,2,'time',1.13673308689562261978e+02,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1.0, "high": 1000.0, "log": true}}');
INSERT INTO "trial_params" VALUES(9,2,'layers',2.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 1, "high": 5}}');
INSERT INTO "trial_params" VALUES(10,2,'gas',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["N2", "Ar", "air"]}}');
INSERT INTO "trial_params" VALUES(11,2,'speed',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [500, 1000, 2000]}}');
INSERT INTO "trial_params" VALUES(12,2,'purge',1.2687987856007849174e+01,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1.0, "high": 60.0, "log": false}}');
INSERT INTO "trial_params" VALUES(13,3,'temperature',800.0,'{"name": "FloatDistribution", "attributes": {"step": 25.0, "low": 300.0, "high": 900.0, "log": false}}');
INSERT INTO "trial_params" VALUES(14,3,'time',8.03127925811907630339e+02,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1.0, "high": 1000.0, "log": true}}');
INSERT INTO "trial_params" VALUES(15,3,'layers',2.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 1, "high": 5}}');
INSERT INTO "trial_params" VALUES(16,3,'gas',2.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["N2", "Ar", "air"]}}');
INSERT INTO "trial_params" VALUES(17,3,'speed',2.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [500, 1000, 2000]}}');
INSERT INTO "trial_params" VALUES(18,4,'temperature',825.0,'{"name": "FloatDistribution", "attributes": {"step": 25.0, "low": 300.0, "high": 900.0, "log": false}}');
INSERT INTO "trial_params" VALUES(19,4,'time',1.9726066891840943196e+00,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1.0, "high": 1000.0, "log": true}}');
INSERT INTO "trial_params" VALUES(20,4,'layers',3.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 1, "high": 5}}');
INSERT INTO "trial_params" VALUES(21,4,'gas',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["N2", "Ar", "air"]}}');
INSERT INTO "trial_params" VALUES(22,4,'speed',2.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [500, 1000, 2000]}}');
INSERT INTO "trial_params" VALUES(23,4,'purge',2.07900836330731664247e+00,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1.0, "high": 60.0, "log": false}}');
INSERT INTO "trial_params" VALUES(24,5,'temperature',750.0,'{"name": "FloatDistribution", "attributes": {"step": 25.0, "low": 300.0, "high": 900.0, "log": false}}');
INSERT INTO "trial_params" VALUES(25,5,'time',9.25940897554238063083e+02,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1.0, "high": 1000.0, "log": true}}');
INSERT INTO "trial_params" VALUES(26,5,'layers',4.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 1, "high": 5}}');
INSERT INTO "trial_params" VALUES(27,5,'gas',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["N2", "Ar", "air"]}}');
INSERT INTO "trial_params" VALUES(28,5,'speed',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [500, 1000, 2000]}}');
INSERT INTO "trial_params" VALUES(29,6,'temperature',475.0,'{"name": "FloatDistribution", "attributes": {"step": 25.0, "low": 300.0, "high": 900.0, "log": false}}');
INSERT INTO "trial_params" VALUES(30,6,'time',2.45519344743632306204e+00,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1.0, "high": 1000.0, "log": true}}');
INSERT INTO "trial_params" VALUES(31,6,'layers',1.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 1, "high": 5}}');
INSERT INTO "trial_params" VALUES(32,6,'gas',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["N2", "Ar", "air"]}}');
INSERT INTO "trial_params" VALUES(33,6,'speed',2.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [500, 1000, 2000]}}');
INSERT INTO "trial_params" VALUES(34,6,'purge',9.65698591944279804977e+00,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 1.0, "high": 60.0, "log": false}}');
INSERT INTO "trial_params" VALUES(35,7,'temperature',650.0,'{"name": "FloatDistribution", "attributes": {"step": 25.0, "low": 300.0, "high": 900.0, "log": false}}');
CREATE TABLE trial_system_attributes (
	trial_system_attribute_id INTEGER NOT NULL, 
	trial_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (trial_system_attribute_id), 
	UNIQUE (trial_id, "key"), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_system_attributes" VALUES(1,8,'fixed_params','{"temperature": 500, "time": 10, "layers": 2, "gas": "Ar", "speed": 1000}');
CREATE TABLE trial_user_attributes (
	trial_user_attribute_id INTEGER NOT NULL, 
	trial_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (trial_user_attribute_id), 
	UNIQUE (trial_id, "key"), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE trial_values (
	trial_value_id INTEGER NOT NULL, 
	trial_id INTEGER NOT NULL, 
	objective INTEGER NOT NULL, 
	value FLOAT, 
	value_type VARCHAR(7) NOT NULL, 
	PRIMARY KEY (trial_value_id), 
	UNIQUE (trial_id, objective), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_values" VALUES(1,1,0,5.63486833887239299675e+02,'FINITE');
INSERT INTO "trial_values" VALUES(2,1,1,20.0,'FINITE');
INSERT INTO "trial_values" VALUES(3,2,0,5.5936733086895617361e+02,'FINITE');
INSERT INTO "trial_values" VALUES(4,2,1,10.0,'FINITE');
INSERT INTO "trial_values" VALUES(5,3,0,8.78312792581190706145e+02,'FINITE');
INSERT INTO "trial_values" VALUES(6,3,1,20.0,'FINITE');
INSERT INTO "trial_values" VALUES(7,6,0,4.74245519344743627233e+02,'FINITE');
INSERT INTO "trial_values" VALUES(8,6,1,20.0,'FINITE');
CREATE TABLE trials (
	trial_id INTEGER NOT NULL, 
	number INTEGER, 
	study_id INTEGER, 
	state VARCHAR(8) NOT NULL, 
	datetime_start DATETIME, 
	datetime_complete DATETIME, 
	PRIMARY KEY (trial_id), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "trials" VALUES(1,0,1,'COMPLETE','2026-11-29 22:19:33.811078','2026-11-29 22:19:34.176977');
INSERT INTO "trials" VALUES(2,1,1,'COMPLETE','2026-11-29 22:19:34.252206','2026-11-29 22:19:34.519140');
INSERT INTO "trials" VALUES(3,2,1,'COMPLETE','2026-11-29 22:19:34.595966','2026-11-29 22:19:34.805806');
INSERT INTO "trials" VALUES(4,3,1,'FAIL','2026-11-29 22:19:34.858145','2026-11-29 22:19:35.125095');
INSERT INTO "trials" VALUES(5,4,1,'PRUNED','2026-11-29 22:19:35.163705','2026-11-29 22:19:35.397300');
INSERT INTO "trials" VALUES(6,5,1,'COMPLETE','2026-11-29 22:19:35.442598','2026-11-29 22:19:35.709991');
INSERT INTO "trials" VALUES(7,6,1,'RUNNING','2026-11-29 22:19:35.749983',NULL);
INSERT INTO "trials" VALUES(8,7,1,'WAITING',NULL,NULL);
CREATE TABLE version_info (
	version_info_id INTEGER NOT NULL, 
	schema_version INTEGER, 
	library_version VARCHAR(256), 
	PRIMARY KEY (version_info_id), 
	CHECK (version_info_id=1)
);
INSERT INTO "version_info" VALUES(1,12,'5.0.0');
CREATE UNIQUE INDEX ix_studies_study_name ON studies (study_name);
CREATE INDEX ix_trials_study_id ON trials (study_id);
COMMIT;
