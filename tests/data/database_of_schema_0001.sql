-- A database as the program of schema 0001 left it: it was killed while the broker was away, so some audit events wait.
BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE audit_events (
	position INTEGER NOT NULL, 
	stream VARCHAR NOT NULL, 
	organization VARCHAR NOT NULL, 
	campus VARCHAR NOT NULL, 
	seq BIGINT NOT NULL, 
	event_id VARCHAR NOT NULL, 
	time VARCHAR NOT NULL, 
	action VARCHAR NOT NULL, 
	resource VARCHAR, 
	claimed_actor VARCHAR, 
	request_id VARCHAR, 
	"before" JSON, 
	"after" JSON, 
	late BOOLEAN DEFAULT 0 NOT NULL, 
	published_at VARCHAR, 
	CONSTRAINT pk_audit_events PRIMARY KEY (position), 
	CONSTRAINT uq_audit_events_stream_organization_campus_seq UNIQUE (stream, organization, campus, seq), 
	CONSTRAINT fk_audit_events_campuses FOREIGN KEY(organization, campus) REFERENCES campuses (organization, id)
);
INSERT INTO "audit_events" VALUES(1,'15242418-77ba-448b-a50e-23a45b3c36bb','default','stage',1,'01a215a7-9bd3-7000-96ad-478e4b7904c3','2026-11-26T02:20:35.667Z','receiver_added','receiver/rack-a','config',NULL,NULL,'{"driver":"shure","host":"127.44.0.11","labels":{"building":"North","location":"Main house","position":"1","rack":"A","room":"Stage left","tags":["vocals","band"]},"mac":null,"manufacturer":"shure","model":null,"name":"Rack A","port":2202,"serial":null,"source":"config"}',0,'2026-11-26T02:20:35.754Z');
INSERT INTO "audit_events" VALUES(2,'15242418-77ba-448b-a50e-23a45b3c36bb','tour','truck',1,'01a215a7-9bd3-7001-8e07-1d65e36fcc80','2026-11-26T02:20:35.667Z','receiver_added','receiver/truck-1','config',NULL,NULL,'{"driver":"auto","host":"127.44.0.41","labels":{"building":null,"location":null,"position":null,"rack":null,"room":null,"tags":[]},"mac":null,"manufacturer":"shure","model":null,"name":null,"port":null,"serial":null,"source":"config"}',0,'2026-11-26T02:20:35.754Z');
INSERT INTO "audit_events" VALUES(3,'15242418-77ba-448b-a50e-23a45b3c36bb','default','stage',2,'01a215a7-9bd3-7002-82e3-b76bd189a750','2026-11-26T02:20:35.667Z','receiver_added','receiver/old-analogue','config',NULL,NULL,'{"driver":"manual","host":"","labels":{"building":null,"location":null,"position":null,"rack":null,"room":"Store","tags":[]},"mac":null,"manufacturer":"shure","model":null,"name":"The old analogue rack","port":null,"serial":null,"source":"config"}',0,'2026-11-26T02:20:35.754Z');
INSERT INTO "audit_events" VALUES(4,'15242418-77ba-448b-a50e-23a45b3c36bb','default','stage',3,'01a215a7-9bdf-7001-ba83-5f3d8253d961','2026-11-26T02:20:35.679Z','receiver_online','receiver/rack-a',NULL,NULL,'{"reason":"connecting","state":"offline"}','{"detail":null,"reason":null,"state":"online"}',0,'2026-11-26T02:20:35.754Z');
INSERT INTO "audit_events" VALUES(5,'15242418-77ba-448b-a50e-23a45b3c36bb','tour','truck',2,'01a215a7-9bdf-7003-bb7a-d041b3c8903d','2026-11-26T02:20:35.679Z','receiver_online','receiver/truck-1',NULL,NULL,'{"reason":"connecting","state":"offline"}','{"detail":null,"reason":null,"state":"online"}',0,'2026-11-26T02:20:35.754Z');
INSERT INTO "audit_events" VALUES(6,'15242418-77ba-448b-a50e-23a45b3c36bb','default','stage',4,'01a215a7-9be2-7000-a2f3-23176c3f2f78','2026-11-26T02:20:35.682Z','receiver_added','receiver/slxd4d-189b54e1','config',NULL,NULL,'{"driver":"shure","host":"127.44.0.12","labels":{"building":null,"location":null,"position":null,"rack":null,"room":null,"tags":[]},"mac":null,"manufacturer":"shure","model":"SLXD4D","name":null,"port":null,"serial":null,"source":"config"}',0,'2026-11-26T02:20:35.754Z');
INSERT INTO "audit_events" VALUES(7,'15242418-77ba-448b-a50e-23a45b3c36bb','default','stage',5,'01a215a7-9be2-7001-b965-d301f5d541e8','2026-11-26T02:20:35.682Z','receiver_updated','receiver/slxd4d-189b54e1','config',NULL,'{}','{}',0,'2026-11-26T02:20:35.754Z');
INSERT INTO "audit_events" VALUES(8,'15242418-77ba-448b-a50e-23a45b3c36bb','default','stage',6,'01a215a7-9bf6-7001-9f2c-e9dec7dbd466','2026-11-26T02:20:35.702Z','receiver_online','receiver/slxd4d-189b54e1',NULL,NULL,'{"reason":"connecting","state":"offline"}','{"detail":null,"reason":null,"state":"online"}',0,'2026-11-26T02:20:35.754Z');
INSERT INTO "audit_events" VALUES(9,'15242418-77ba-448b-a50e-23a45b3c36bb','default','stage',7,'01a215a7-a3a5-7000-a562-32a87fbab078','2026-11-26T02:20:37.669Z','discovery_started',NULL,'schedule',NULL,NULL,'{"limit":null,"manufacturer":null,"places":["127.44.0.16/30","127.44.0.31","nobody.invalid:2202"]}',0,'2026-11-26T02:20:37.732Z');
INSERT INTO "audit_events" VALUES(10,'15242418-77ba-448b-a50e-23a45b3c36bb','tour','truck',3,'01a215a7-a3a5-7001-bc76-44943ada87d1','2026-11-26T02:20:37.669Z','discovery_started',NULL,'schedule',NULL,NULL,'{"limit":null,"manufacturer":null,"places":["127.44.0.48-127.44.0.50"]}',0,'2026-11-26T02:20:37.732Z');
INSERT INTO "audit_events" VALUES(11,'15242418-77ba-448b-a50e-23a45b3c36bb','tour','truck',4,'01a215a7-a3b2-7000-9749-ed44fad40dbc','2026-11-26T02:20:37.682Z','discovery_finished',NULL,'schedule',NULL,NULL,'{"counts":{"added":0,"conflict":0,"failed":0,"moved":0,"offline":0,"seen":1,"unchanged":1,"updated":0},"duration_s":0.013,"errors":[],"status":"succeeded","warnings":[]}',0,'2026-11-26T02:20:37.782Z');
INSERT INTO "audit_events" VALUES(12,'15242418-77ba-448b-a50e-23a45b3c36bb','default','stage',8,'01a215a7-a3b4-7000-b970-1e2a6c5ef732','2026-11-26T02:20:37.684Z','receiver_adopted','receiver/qlxd4-000edda8a775','schedule',NULL,NULL,'{"driver":"shure","host":"127.44.0.31","labels":{},"mac":"00:0e:dd:a8:a7:75","manufacturer":"shure","model":"QLXD4","name":null,"port":null,"serial":null,"source":"discovery"}',0,'2026-11-26T02:20:37.782Z');
INSERT INTO "audit_events" VALUES(13,'15242418-77ba-448b-a50e-23a45b3c36bb','default','stage',9,'01a215a7-a3b4-7001-b973-2d176eec3837','2026-11-26T02:20:37.684Z','receiver_adopted','receiver/qlxd4-000edda6c659','schedule',NULL,NULL,'{"driver":"shure","host":"127.44.0.17","labels":{},"mac":"00:0e:dd:a6:c6:59","manufacturer":"shure","model":"QLXD4","name":null,"port":null,"serial":null,"source":"discovery"}',0,'2026-11-26T02:20:37.782Z');
INSERT INTO "audit_events" VALUES(14,'15242418-77ba-448b-a50e-23a45b3c36bb','default','stage',10,'01a215a7-a3b5-7000-8c24-9c4172170b5b','2026-11-26T02:20:37.685Z','receiver_adopted','receiver/ulxd4d-000eddebf835','schedule',NULL,NULL,'{"driver":"shure","host":"127.44.0.18","labels":{},"mac":"00:0e:dd:eb:f8:35","manufacturer":"shure","model":"ULXD4D","name":null,"port":null,"serial":null,"source":"discovery"}',0,'2026-11-26T02:20:37.782Z');
INSERT INTO "audit_events" VALUES(15,'15242418-77ba-448b-a50e-23a45b3c36bb','default','stage',11,'01a215a7-a3b7-7000-9828-ce80fdd3fd48','2026-11-26T02:20:37.687Z','discovery_finished',NULL,'schedule',NULL,NULL,'{"counts":{"added":3,"conflict":0,"failed":1,"moved":0,"offline":0,"seen":4,"unchanged":0,"updated":0},"duration_s":0.018,"errors":[{"code":"never_seen","device":"nobody.invalid:2202","message":"nobody.invalid has no address ([Errno -2] Name or service not known): check its spelling and the name server"}],"status":"partial","warnings":[]}',0,'2026-11-26T02:20:37.782Z');
INSERT INTO "audit_events" VALUES(16,'15242418-77ba-448b-a50e-23a45b3c36bb','default','stage',12,'01a215a7-a3bb-7001-9a05-b4615a77c143','2026-11-26T02:20:37.691Z','receiver_online','receiver/qlxd4-000edda8a775',NULL,NULL,'{"reason":"connecting","state":"offline"}','{"detail":null,"reason":null,"state":"online"}',0,'2026-11-26T02:20:37.782Z');
INSERT INTO "audit_events" VALUES(17,'15242418-77ba-448b-a50e-23a45b3c36bb','default','stage',13,'01a215a7-a3bc-7001-9ac1-f21e33245aa3','2026-11-26T02:20:37.692Z','receiver_online','receiver/qlxd4-000edda6c659',NULL,NULL,'{"reason":"connecting","state":"offline"}','{"detail":null,"reason":null,"state":"online"}',0,'2026-11-26T02:20:37.782Z');
INSERT INTO "audit_events" VALUES(18,'15242418-77ba-448b-a50e-23a45b3c36bb','default','stage',14,'01a215a7-a3be-7001-91e8-ad8cf020704d','2026-11-26T02:20:37.694Z','receiver_online','receiver/ulxd4d-000eddebf835',NULL,NULL,'{"reason":"connecting","state":"offline"}','{"detail":null,"reason":null,"state":"online"}',0,'2026-11-26T02:20:37.782Z');
INSERT INTO "audit_events" VALUES(19,'15242418-77ba-448b-a50e-23a45b3c36bb','default','stage',15,'01a215a7-a3c4-7000-a6eb-966c3275eb7f','2026-11-26T02:20:37.700Z','receiver_added','receiver/stage-left','tests','ask-1',NULL,'{"driver":"auto","host":"127.44.0.13","labels":{"room":"Wings","tags":["spare"]},"mac":null,"manufacturer":"shure","model":null,"name":"Stage left","port":null,"serial":null,"source":"command"}',0,'2026-11-26T02:20:37.782Z');
INSERT INTO "audit_events" VALUES(20,'15242418-77ba-448b-a50e-23a45b3c36bb','default','stage',16,'01a215a7-a3c4-7001-94e6-7f304b0cdc09','2026-11-26T02:20:37.700Z','command','bridge/main','tests','ask-1',NULL,'{"args":{"host":"127.44.0.13","id":"stage-left","name":"Stage left","room":"Wings","tags":["spare"]},"detail":null,"error":null,"status":"succeeded","verb":"receiver_add"}',0,'2026-11-26T02:20:37.782Z');
INSERT INTO "audit_events" VALUES(21,'15242418-77ba-448b-a50e-23a45b3c36bb','default','stage',17,'01a215a7-a3cf-7001-a2f1-9d0c1566de23','2026-11-26T02:20:37.711Z','receiver_online','receiver/stage-left',NULL,NULL,'{"reason":"connecting","state":"offline"}','{"detail":null,"reason":null,"state":"online"}',0,'2026-11-26T02:20:37.782Z');
INSERT INTO "audit_events" VALUES(22,'15242418-77ba-448b-a50e-23a45b3c36bb','default','stage',18,'01a215a7-a3ea-7000-89e7-27d0fde46bf9','2026-11-26T02:20:37.738Z','receiver_updated','receiver/stage-left','tests','ask-2','{"meter_interval_s":null}','{"meter_interval_s":0.5}',0,'2026-11-26T02:20:37.834Z');
INSERT INTO "audit_events" VALUES(23,'15242418-77ba-448b-a50e-23a45b3c36bb','default','stage',19,'01a215a7-a3ec-7001-936b-d5f8aba961a7','2026-11-26T02:20:37.740Z','receiver_offline','receiver/stage-left',NULL,NULL,'{"reason":null,"state":"online"}','{"detail":null,"reason":"connecting","state":"offline"}',0,'2026-11-26T02:20:37.834Z');
INSERT INTO "audit_events" VALUES(24,'15242418-77ba-448b-a50e-23a45b3c36bb','default','stage',20,'01a215a7-a3ec-7002-a178-1f95dbac2b7e','2026-11-26T02:20:37.740Z','command','bridge/main','tests','ask-2',NULL,'{"args":{"id":"stage-left","meter_interval":0.5},"detail":null,"error":null,"status":"succeeded","verb":"receiver_update"}',0,'2026-11-26T02:20:37.834Z');
INSERT INTO "audit_events" VALUES(25,'15242418-77ba-448b-a50e-23a45b3c36bb','default','stage',21,'01a215a7-a3f3-7001-9f68-e6fdd956f959','2026-11-26T02:20:37.747Z','receiver_online','receiver/stage-left',NULL,NULL,'{"reason":"connecting","state":"offline"}','{"detail":null,"reason":null,"state":"online"}',0,'2026-11-26T02:20:37.834Z');
INSERT INTO "audit_events" VALUES(26,'15242418-77ba-448b-a50e-23a45b3c36bb','default','stage',22,'01a215a7-a41b-7000-a46b-4eb08d5044a9','2026-11-26T02:20:37.787Z','command','bridge/main','tests','ask-3',NULL,'{"args":{"id":"not-there-yet","name":"On its way"},"detail":"a receiver on the network needs a host","error":"schema_violation","status":"rejected","verb":"receiver_add"}',0,'2026-11-26T02:20:37.888Z');
INSERT INTO "audit_events" VALUES(27,'15242418-77ba-448b-a50e-23a45b3c36bb','default','stage',23,'01a215a7-a44a-7000-9a8f-176c998d99b9','2026-11-26T02:20:37.834Z','labels_set','receiver/qlxd4-000edda6c659','tests','ask-4','{}','{"room":"Chapel","tags":["choir"]}',0,'2026-11-26T02:20:37.944Z');
INSERT INTO "audit_events" VALUES(28,'15242418-77ba-448b-a50e-23a45b3c36bb','default','stage',24,'01a215a7-a44a-7001-a5ee-90b462676b83','2026-11-26T02:20:37.834Z','command','bridge/main','tests','ask-4',NULL,'{"args":{"id":"qlxd4-000edda6c659","room":"Chapel","tags":["choir"]},"detail":null,"error":null,"status":"succeeded","verb":"labels_set"}',0,'2026-11-26T02:20:37.944Z');
INSERT INTO "audit_events" VALUES(29,'15242418-77ba-448b-a50e-23a45b3c36bb','default','stage',25,'01a215a7-a47c-7000-ac12-55295e8f6d0e','2026-11-26T02:20:37.884Z','receiver_removed','receiver/ulxd4d-000eddebf835','tests','ask-5','{"driver":"shure","host":"127.44.0.18","labels":{},"mac":"00:0e:dd:eb:f8:35","manufacturer":"shure","model":"ULXD4D","name":null,"port":null,"serial":null,"source":"discovery"}',NULL,0,'2026-11-26T02:20:37.989Z');
INSERT INTO "audit_events" VALUES(30,'15242418-77ba-448b-a50e-23a45b3c36bb','default','stage',26,'01a215a7-a47c-7001-976f-e4e1a0502ccb','2026-11-26T02:20:37.884Z','command','bridge/main','tests','ask-5',NULL,'{"args":{"id":"ulxd4d-000eddebf835"},"detail":null,"error":null,"status":"succeeded","verb":"receiver_remove"}',0,'2026-11-26T02:20:37.989Z');
INSERT INTO "audit_events" VALUES(31,'15242418-77ba-448b-a50e-23a45b3c36bb','default','stage',27,'01a215a7-a483-7000-a98d-e9c4d5e29c4e','2026-11-26T02:20:37.891Z','note','receiver/rack-a','Ada','n1',NULL,'{"text":"Rehearsal begins"}',0,'2026-11-26T02:20:37.989Z');
INSERT INTO "audit_events" VALUES(32,'15242418-77ba-448b-a50e-23a45b3c36bb','default','stage',28,'01a215a7-a483-7001-afa0-166aa2f083a3','2026-11-26T02:20:37.891Z','command','bridge/main','Ada','n1',NULL,'{"args":{"resource":"receiver/rack-a","text":"Rehearsal begins"},"detail":null,"error":null,"status":"succeeded","verb":"note"}',0,'2026-11-26T02:20:37.989Z');
INSERT INTO "audit_events" VALUES(33,'15242418-77ba-448b-a50e-23a45b3c36bb','default','stage',29,'01a215a7-a4b9-7000-93d0-84f7d0fb8e1f','2026-11-26T02:20:37.945Z','command','receiver/rack-a','tests','ask-6',NULL,'{"args":{"gain_db":3},"detail":"changing receivers is switched off in this version: the bridge only listens; change it at the receiver itself","error":"forbidden","status":"rejected","verb":"set"}',0,'2026-11-26T02:20:38.039Z');
INSERT INTO "audit_events" VALUES(34,'15242418-77ba-448b-a50e-23a45b3c36bb','default','stage',30,'01a215a7-a59f-7001-a4d7-ba72caaccc62','2026-11-26T02:20:38.175Z','transmitter_lost','channel/rack-a-4',NULL,NULL,'{"transmitter_present":true}','{"transmitter_present":false}',0,'2026-11-26T02:20:38.237Z');
INSERT INTO "audit_events" VALUES(35,'15242418-77ba-448b-a50e-23a45b3c36bb','default','stage',31,'01a215a7-a5a1-7000-8c0a-7952f3359d82','2026-11-26T02:20:38.177Z','channel_settings_changed','channel/rack-a-2',NULL,NULL,'{"name":"Ophelia"}','{"name":"Laertes"}',0,'2026-11-26T02:20:38.237Z');
INSERT INTO "audit_events" VALUES(36,'15242418-77ba-448b-a50e-23a45b3c36bb','default','stage',32,'01a215a7-b9d0-7000-9500-033b5844fb0f','2026-11-26T02:20:43.344Z','channel_settings_changed','channel/rack-a-3',NULL,NULL,'{"name":"Horatio"}','{"name":"Yorick"}',0,NULL);
INSERT INTO "audit_events" VALUES(37,'15242418-77ba-448b-a50e-23a45b3c36bb','default','stage',33,'01a215a7-b9d0-7002-aaa5-7a2c017b4cfa','2026-11-26T02:20:43.344Z','channel_settings_changed','channel/stage-left-1',NULL,NULL,'{"name":"Vox 1"}','{"name":"Lear"}',0,NULL);
INSERT INTO "audit_events" VALUES(38,'15242418-77ba-448b-a50e-23a45b3c36bb','default','stage',34,'01a215a7-b9d0-7004-8a00-883b9a399b47','2026-11-26T02:20:43.344Z','channel_settings_changed','channel/qlxd4-000edda6c659-1',NULL,NULL,'{"name":"Vox 1"}','{"name":"Soprano"}',0,NULL);
CREATE TABLE campuses (
	organization VARCHAR NOT NULL, 
	id VARCHAR NOT NULL, 
	audit_seq BIGINT DEFAULT '0' NOT NULL, 
	CONSTRAINT pk_campuses PRIMARY KEY (organization, id), 
	CONSTRAINT fk_campuses_organizations FOREIGN KEY(organization) REFERENCES organizations (id)
);
INSERT INTO "campuses" VALUES('default','stage',34);
INSERT INTO "campuses" VALUES('tour','truck',4);
CREATE TABLE channels (
	organization VARCHAR NOT NULL, 
	campus VARCHAR NOT NULL, 
	id VARCHAR NOT NULL, 
	receiver VARCHAR NOT NULL, 
	number INTEGER NOT NULL, 
	state JSON NOT NULL, 
	slots JSON NOT NULL, 
	changed_at VARCHAR, 
	CONSTRAINT pk_channels PRIMARY KEY (organization, campus, id), 
	CONSTRAINT fk_channels_receivers FOREIGN KEY(organization, campus, receiver) REFERENCES receivers (organization, campus, id) ON DELETE CASCADE
);
INSERT INTO "channels" VALUES('default','stage','rack-a-1','rack-a',1,'{"alerts":[],"assignment":null,"audio_output_level":null,"audio_path":"live","battery_bars":5,"battery_cycles":42,"battery_health_percent":98,"battery_percent":64,"battery_runtime_minutes":660,"battery_status":"ok","battery_temperature_c":24,"battery_type":"lithium_ion","encryption_fault":false,"fd_mode":null,"frequency_2_mhz":null,"frequency_mhz":526.225,"gain_db":0,"group":null,"group_2":null,"group_channel":null,"group_channel_2":null,"interference":"none","interference_2":null,"last_battery_bars":5,"last_battery_percent":64,"last_battery_runtime_minutes":660,"name":"Hamlet","power_source":"battery","receiver_muted":false,"status":"good","status_reasons":[],"talk_switch":null,"transmitter_firmware":"2.4.20.0","transmitter_id":"TX0001","transmitter_last_seen":null,"transmitter_model":"ULXD2","transmitter_muted":null,"transmitter_present":true,"transmitter_rf_muted":null,"tx_input_pad_db":null,"tx_lock":"none","tx_offset_db":null,"tx_offset_raw":12,"tx_polarity":null,"tx_power_level":"low","tx_power_mw":null,"unregistered_transmitter":null}','[]','2026-11-26T02:20:35.678Z');
INSERT INTO "channels" VALUES('default','stage','rack-a-2','rack-a',2,'{"alerts":[],"assignment":null,"audio_output_level":null,"audio_path":"live","battery_bars":5,"battery_cycles":42,"battery_health_percent":98,"battery_percent":100,"battery_runtime_minutes":660,"battery_status":"ok","battery_temperature_c":24,"battery_type":"lithium_ion","encryption_fault":false,"fd_mode":null,"frequency_2_mhz":null,"frequency_mhz":529.4,"gain_db":0,"group":null,"group_2":null,"group_channel":null,"group_channel_2":null,"interference":"none","interference_2":null,"last_battery_bars":5,"last_battery_percent":100,"last_battery_runtime_minutes":660,"name":"Laertes","power_source":"battery","receiver_muted":false,"status":"good","status_reasons":[],"talk_switch":null,"transmitter_firmware":"2.4.20.0","transmitter_id":"TX0002","transmitter_last_seen":null,"transmitter_model":"ULXD1","transmitter_muted":null,"transmitter_present":true,"transmitter_rf_muted":null,"tx_input_pad_db":null,"tx_lock":"none","tx_offset_db":null,"tx_offset_raw":12,"tx_polarity":null,"tx_power_level":"low","tx_power_mw":null,"unregistered_transmitter":null}','[]','2026-11-26T02:20:38.177Z');
INSERT INTO "channels" VALUES('default','stage','rack-a-3','rack-a',3,'{"alerts":[],"assignment":null,"audio_output_level":null,"audio_path":"live","battery_bars":5,"battery_cycles":42,"battery_health_percent":98,"battery_percent":100,"battery_runtime_minutes":660,"battery_status":"ok","battery_temperature_c":24,"battery_type":"lithium_ion","encryption_fault":false,"fd_mode":null,"frequency_2_mhz":null,"frequency_mhz":532.575,"gain_db":0,"group":null,"group_2":null,"group_channel":null,"group_channel_2":null,"interference":"none","interference_2":null,"last_battery_bars":5,"last_battery_percent":100,"last_battery_runtime_minutes":660,"name":"Yorick","power_source":"battery","receiver_muted":false,"status":"good","status_reasons":[],"talk_switch":"released","transmitter_firmware":"2.4.20.0","transmitter_id":"TX0003","transmitter_last_seen":null,"transmitter_model":"ULXD8","transmitter_muted":false,"transmitter_present":true,"transmitter_rf_muted":null,"tx_input_pad_db":null,"tx_lock":"none","tx_offset_db":null,"tx_offset_raw":12,"tx_polarity":null,"tx_power_level":"low","tx_power_mw":null,"unregistered_transmitter":null}','[]','2026-11-26T02:20:43.344Z');
INSERT INTO "channels" VALUES('default','stage','rack-a-4','rack-a',4,'{"alerts":[],"assignment":null,"audio_output_level":null,"audio_path":"no_signal","battery_bars":null,"battery_cycles":null,"battery_health_percent":null,"battery_percent":null,"battery_runtime_minutes":null,"battery_status":null,"battery_temperature_c":null,"battery_type":null,"encryption_fault":false,"fd_mode":null,"frequency_2_mhz":null,"frequency_mhz":535.75,"gain_db":0,"group":null,"group_2":null,"group_channel":null,"group_channel_2":null,"interference":"none","interference_2":null,"last_battery_bars":5,"last_battery_percent":100,"last_battery_runtime_minutes":660,"name":"Ghost","power_source":null,"receiver_muted":false,"status":"lost","status_reasons":["transmitter_lost"],"talk_switch":null,"transmitter_firmware":null,"transmitter_id":null,"transmitter_last_seen":"2026-11-26T02:20:38.175Z","transmitter_model":null,"transmitter_muted":null,"transmitter_present":false,"transmitter_rf_muted":null,"tx_input_pad_db":null,"tx_lock":null,"tx_offset_db":null,"tx_offset_raw":null,"tx_polarity":null,"tx_power_level":null,"tx_power_mw":null,"unregistered_transmitter":null}','[]','2026-11-26T02:20:38.175Z');
INSERT INTO "channels" VALUES('tour','truck','truck-1-1','truck-1',1,'{"alerts":[],"assignment":null,"audio_output_level":null,"audio_path":"live","battery_bars":5,"battery_cycles":42,"battery_health_percent":98,"battery_percent":100,"battery_runtime_minutes":660,"battery_status":"ok","battery_temperature_c":24,"battery_type":"lithium_ion","encryption_fault":false,"fd_mode":null,"frequency_2_mhz":null,"frequency_mhz":470.125,"gain_db":0,"group":null,"group_2":null,"group_channel":null,"group_channel_2":null,"interference":"none","interference_2":null,"last_battery_bars":5,"last_battery_percent":100,"last_battery_runtime_minutes":660,"name":"Vox 1","power_source":"battery","receiver_muted":false,"status":"good","status_reasons":[],"talk_switch":null,"transmitter_firmware":"2.4.20.0","transmitter_id":"TX0001","transmitter_last_seen":null,"transmitter_model":"ULXD2","transmitter_muted":null,"transmitter_present":true,"transmitter_rf_muted":null,"tx_input_pad_db":null,"tx_lock":"none","tx_offset_db":null,"tx_offset_raw":12,"tx_polarity":null,"tx_power_level":"low","tx_power_mw":null,"unregistered_transmitter":null}','[]','2026-11-26T02:20:35.679Z');
INSERT INTO "channels" VALUES('default','stage','slxd4d-189b54e1-1','slxd4d-189b54e1',1,'{"alerts":[],"assignment":null,"audio_output_level":"mic","audio_path":"unknown","battery_bars":4,"battery_cycles":null,"battery_health_percent":null,"battery_percent":null,"battery_runtime_minutes":420,"battery_status":"ok","battery_temperature_c":null,"battery_type":null,"encryption_fault":null,"fd_mode":null,"frequency_2_mhz":null,"frequency_mhz":470.125,"gain_db":0,"group":null,"group_2":null,"group_channel":null,"group_channel_2":null,"interference":null,"interference_2":null,"last_battery_bars":4,"last_battery_percent":null,"last_battery_runtime_minutes":420,"name":"Vox 1","power_source":null,"receiver_muted":null,"status":"good","status_reasons":[],"talk_switch":null,"transmitter_firmware":null,"transmitter_id":null,"transmitter_last_seen":null,"transmitter_model":"SLXD2","transmitter_muted":null,"transmitter_present":true,"transmitter_rf_muted":null,"tx_input_pad_db":null,"tx_lock":null,"tx_offset_db":null,"tx_offset_raw":null,"tx_polarity":null,"tx_power_level":null,"tx_power_mw":null,"unregistered_transmitter":null}','[]','2026-11-26T02:20:35.702Z');
INSERT INTO "channels" VALUES('default','stage','slxd4d-189b54e1-2','slxd4d-189b54e1',2,'{"alerts":[],"assignment":null,"audio_output_level":"mic","audio_path":"unknown","battery_bars":4,"battery_cycles":null,"battery_health_percent":null,"battery_percent":null,"battery_runtime_minutes":420,"battery_status":"ok","battery_temperature_c":null,"battery_type":null,"encryption_fault":null,"fd_mode":null,"frequency_2_mhz":null,"frequency_mhz":470.9,"gain_db":0,"group":null,"group_2":null,"group_channel":null,"group_channel_2":null,"interference":null,"interference_2":null,"last_battery_bars":4,"last_battery_percent":null,"last_battery_runtime_minutes":420,"name":"Host 2","power_source":null,"receiver_muted":null,"status":"good","status_reasons":[],"talk_switch":null,"transmitter_firmware":null,"transmitter_id":null,"transmitter_last_seen":null,"transmitter_model":"SLXD1","transmitter_muted":null,"transmitter_present":true,"transmitter_rf_muted":null,"tx_input_pad_db":null,"tx_lock":null,"tx_offset_db":null,"tx_offset_raw":null,"tx_polarity":null,"tx_power_level":null,"tx_power_mw":null,"unregistered_transmitter":null}','[]','2026-11-26T02:20:35.702Z');
INSERT INTO "channels" VALUES('default','stage','qlxd4-000edda8a775-1','qlxd4-000edda8a775',1,'{"alerts":[],"assignment":null,"audio_output_level":null,"audio_path":"unknown","battery_bars":5,"battery_cycles":42,"battery_health_percent":98,"battery_percent":100,"battery_runtime_minutes":660,"battery_status":"ok","battery_temperature_c":24,"battery_type":"lithium_ion","encryption_fault":false,"fd_mode":null,"frequency_2_mhz":null,"frequency_mhz":470.125,"gain_db":0,"group":null,"group_2":null,"group_channel":null,"group_channel_2":null,"interference":null,"interference_2":null,"last_battery_bars":5,"last_battery_percent":100,"last_battery_runtime_minutes":660,"name":"Vox 1","power_source":"battery","receiver_muted":null,"status":"good","status_reasons":[],"talk_switch":null,"transmitter_firmware":"2.4.20.0","transmitter_id":"TX0001","transmitter_last_seen":null,"transmitter_model":"QLXD2","transmitter_muted":null,"transmitter_present":true,"transmitter_rf_muted":null,"tx_input_pad_db":null,"tx_lock":"none","tx_offset_db":12,"tx_offset_raw":12,"tx_polarity":null,"tx_power_level":"low","tx_power_mw":null,"unregistered_transmitter":null}','[]','2026-11-26T02:20:37.691Z');
INSERT INTO "channels" VALUES('default','stage','qlxd4-000edda6c659-1','qlxd4-000edda6c659',1,'{"alerts":[],"assignment":null,"audio_output_level":null,"audio_path":"unknown","battery_bars":5,"battery_cycles":42,"battery_health_percent":98,"battery_percent":100,"battery_runtime_minutes":660,"battery_status":"ok","battery_temperature_c":24,"battery_type":"lithium_ion","encryption_fault":false,"fd_mode":null,"frequency_2_mhz":null,"frequency_mhz":470.125,"gain_db":0,"group":null,"group_2":null,"group_channel":null,"group_channel_2":null,"interference":null,"interference_2":null,"last_battery_bars":5,"last_battery_percent":100,"last_battery_runtime_minutes":660,"name":"Soprano","power_source":"battery","receiver_muted":null,"status":"good","status_reasons":[],"talk_switch":null,"transmitter_firmware":"2.4.20.0","transmitter_id":"TX0001","transmitter_last_seen":null,"transmitter_model":"QLXD2","transmitter_muted":null,"transmitter_present":true,"transmitter_rf_muted":null,"tx_input_pad_db":null,"tx_lock":"none","tx_offset_db":12,"tx_offset_raw":12,"tx_polarity":null,"tx_power_level":"low","tx_power_mw":null,"unregistered_transmitter":null}','[]','2026-11-26T02:20:43.344Z');
INSERT INTO "channels" VALUES('default','stage','stage-left-1','stage-left',1,'{"alerts":[],"assignment":null,"audio_output_level":null,"audio_path":"live","battery_bars":5,"battery_cycles":69,"battery_health_percent":98,"battery_percent":90,"battery_runtime_minutes":594,"battery_status":"ok","battery_temperature_c":24,"battery_type":"lithium_ion","encryption_fault":false,"fd_mode":"off","frequency_2_mhz":null,"frequency_mhz":470.125,"gain_db":0,"group":null,"group_2":null,"group_channel":null,"group_channel_2":null,"interference":"none","interference_2":null,"last_battery_bars":5,"last_battery_percent":90,"last_battery_runtime_minutes":594,"name":"Lear","power_source":null,"receiver_muted":false,"status":"good","status_reasons":[],"talk_switch":"released","transmitter_firmware":null,"transmitter_id":"TX0001","transmitter_last_seen":null,"transmitter_model":"ADX2","transmitter_muted":false,"transmitter_present":true,"transmitter_rf_muted":null,"tx_input_pad_db":0,"tx_lock":"none","tx_offset_db":0,"tx_offset_raw":12,"tx_polarity":"positive","tx_power_level":null,"tx_power_mw":10,"unregistered_transmitter":false}','[{"battery_bars":5,"battery_cycles":69,"battery_health_percent":98,"battery_percent":90,"battery_runtime_minutes":594,"battery_type":"lithium_ion","number":1,"showlink_quality":5,"status":"linked_active","transmitter_id":"TX0001","transmitter_model":"ADX2","transmitter_rf_muted":false,"tx_input_pad_db":0,"tx_offset_db":0,"tx_polarity":"positive","tx_power_level":"normal","tx_power_mw":10},{"battery_bars":5,"battery_cycles":69,"battery_health_percent":98,"battery_percent":90,"battery_runtime_minutes":594,"battery_type":"lithium_ion","number":2,"showlink_quality":5,"status":"linked_inactive","transmitter_id":"SP0001","transmitter_model":"ADX2","transmitter_rf_muted":false,"tx_input_pad_db":0,"tx_offset_db":0,"tx_polarity":"positive","tx_power_level":"normal","tx_power_mw":10},{"battery_bars":null,"battery_cycles":null,"battery_health_percent":null,"battery_percent":null,"battery_runtime_minutes":null,"battery_type":null,"number":3,"showlink_quality":null,"status":"empty","transmitter_id":null,"transmitter_model":null,"transmitter_rf_muted":null,"tx_input_pad_db":null,"tx_offset_db":null,"tx_polarity":null,"tx_power_level":null,"tx_power_mw":null},{"battery_bars":null,"battery_cycles":null,"battery_health_percent":null,"battery_percent":null,"battery_runtime_minutes":null,"battery_type":null,"number":4,"showlink_quality":null,"status":"empty","transmitter_id":null,"transmitter_model":null,"transmitter_rf_muted":null,"tx_input_pad_db":null,"tx_offset_db":null,"tx_polarity":null,"tx_power_level":null,"tx_power_mw":null},{"battery_bars":null,"battery_cycles":null,"battery_health_percent":null,"battery_percent":null,"battery_runtime_minutes":null,"battery_type":null,"number":5,"showlink_quality":null,"status":"empty","transmitter_id":null,"transmitter_model":null,"transmitter_rf_muted":null,"tx_input_pad_db":null,"tx_offset_db":null,"tx_polarity":null,"tx_power_level":null,"tx_power_mw":null},{"battery_bars":null,"battery_cycles":null,"battery_health_percent":null,"battery_percent":null,"battery_runtime_minutes":null,"battery_type":null,"number":6,"showlink_quality":null,"status":"empty","transmitter_id":null,"transmitter_model":null,"transmitter_rf_muted":null,"tx_input_pad_db":null,"tx_offset_db":null,"tx_polarity":null,"tx_power_level":null,"tx_power_mw":null},{"battery_bars":null,"battery_cycles":null,"battery_health_percent":null,"battery_percent":null,"battery_runtime_minutes":null,"battery_type":null,"number":7,"showlink_quality":null,"status":"empty","transmitter_id":null,"transmitter_model":null,"transmitter_rf_muted":null,"tx_input_pad_db":null,"tx_offset_db":null,"tx_polarity":null,"tx_power_level":null,"tx_power_mw":null},{"battery_bars":null,"battery_cycles":null,"battery_health_percent":null,"battery_percent":null,"battery_runtime_minutes":null,"battery_type":null,"number":8,"showlink_quality":null,"status":"empty","transmitter_id":null,"transmitter_model":null,"transmitter_rf_muted":null,"tx_input_pad_db":null,"tx_offset_db":null,"tx_polarity":null,"tx_power_level":null,"tx_power_mw":null}]','2026-11-26T02:20:43.344Z');
INSERT INTO "channels" VALUES('default','stage','stage-left-2','stage-left',2,'{"alerts":[],"assignment":null,"audio_output_level":null,"audio_path":"live","battery_bars":5,"battery_cycles":69,"battery_health_percent":98,"battery_percent":90,"battery_runtime_minutes":594,"battery_status":"ok","battery_temperature_c":24,"battery_type":"lithium_ion","encryption_fault":false,"fd_mode":"off","frequency_2_mhz":null,"frequency_mhz":470.9,"gain_db":0,"group":null,"group_2":null,"group_channel":null,"group_channel_2":null,"interference":"none","interference_2":null,"last_battery_bars":5,"last_battery_percent":90,"last_battery_runtime_minutes":594,"name":"Host 2","power_source":null,"receiver_muted":false,"status":"good","status_reasons":[],"talk_switch":"released","transmitter_firmware":null,"transmitter_id":"TX0002","transmitter_last_seen":null,"transmitter_model":"AD2","transmitter_muted":false,"transmitter_present":true,"transmitter_rf_muted":null,"tx_input_pad_db":0,"tx_lock":"none","tx_offset_db":0,"tx_offset_raw":12,"tx_polarity":"positive","tx_power_level":null,"tx_power_mw":10,"unregistered_transmitter":false}','[{"battery_bars":null,"battery_cycles":null,"battery_health_percent":null,"battery_percent":null,"battery_runtime_minutes":null,"battery_type":null,"number":1,"showlink_quality":null,"status":"standard","transmitter_id":"TX0002","transmitter_model":"AD2","transmitter_rf_muted":null,"tx_input_pad_db":null,"tx_offset_db":null,"tx_polarity":null,"tx_power_level":null,"tx_power_mw":null},{"battery_bars":5,"battery_cycles":69,"battery_health_percent":98,"battery_percent":90,"battery_runtime_minutes":594,"battery_type":"lithium_ion","number":2,"showlink_quality":5,"status":"linked_inactive","transmitter_id":"SP0002","transmitter_model":"ADX2","transmitter_rf_muted":false,"tx_input_pad_db":0,"tx_offset_db":0,"tx_polarity":"positive","tx_power_level":"normal","tx_power_mw":10},{"battery_bars":null,"battery_cycles":null,"battery_health_percent":null,"battery_percent":null,"battery_runtime_minutes":null,"battery_type":null,"number":3,"showlink_quality":null,"status":"empty","transmitter_id":null,"transmitter_model":null,"transmitter_rf_muted":null,"tx_input_pad_db":null,"tx_offset_db":null,"tx_polarity":null,"tx_power_level":null,"tx_power_mw":null},{"battery_bars":null,"battery_cycles":null,"battery_health_percent":null,"battery_percent":null,"battery_runtime_minutes":null,"battery_type":null,"number":4,"showlink_quality":null,"status":"empty","transmitter_id":null,"transmitter_model":null,"transmitter_rf_muted":null,"tx_input_pad_db":null,"tx_offset_db":null,"tx_polarity":null,"tx_power_level":null,"tx_power_mw":null},{"battery_bars":null,"battery_cycles":null,"battery_health_percent":null,"battery_percent":null,"battery_runtime_minutes":null,"battery_type":null,"number":5,"showlink_quality":null,"status":"empty","transmitter_id":null,"transmitter_model":null,"transmitter_rf_muted":null,"tx_input_pad_db":null,"tx_offset_db":null,"tx_polarity":null,"tx_power_level":null,"tx_power_mw":null},{"battery_bars":null,"battery_cycles":null,"battery_health_percent":null,"battery_percent":null,"battery_runtime_minutes":null,"battery_type":null,"number":6,"showlink_quality":null,"status":"empty","transmitter_id":null,"transmitter_model":null,"transmitter_rf_muted":null,"tx_input_pad_db":null,"tx_offset_db":null,"tx_polarity":null,"tx_power_level":null,"tx_power_mw":null},{"battery_bars":null,"battery_cycles":null,"battery_health_percent":null,"battery_percent":null,"battery_runtime_minutes":null,"battery_type":null,"number":7,"showlink_quality":null,"status":"empty","transmitter_id":null,"transmitter_model":null,"transmitter_rf_muted":null,"tx_input_pad_db":null,"tx_offset_db":null,"tx_polarity":null,"tx_power_level":null,"tx_power_mw":null},{"battery_bars":null,"battery_cycles":null,"battery_health_percent":null,"battery_percent":null,"battery_runtime_minutes":null,"battery_type":null,"number":8,"showlink_quality":null,"status":"empty","transmitter_id":null,"transmitter_model":null,"transmitter_rf_muted":null,"tx_input_pad_db":null,"tx_offset_db":null,"tx_polarity":null,"tx_power_level":null,"tx_power_mw":null}]','2026-11-26T02:20:37.747Z');
CREATE TABLE discovery_ranges (
	organization VARCHAR NOT NULL, 
	campus VARCHAR NOT NULL, 
	network VARCHAR NOT NULL, 
	adopt BOOLEAN NOT NULL, 
	schedule_s FLOAT, 
	manufacturer VARCHAR, 
	source VARCHAR NOT NULL, 
	scanned_at VARCHAR, 
	CONSTRAINT pk_discovery_ranges PRIMARY KEY (organization, campus, network), 
	CONSTRAINT fk_discovery_ranges_campuses FOREIGN KEY(organization, campus) REFERENCES campuses (organization, id)
);
INSERT INTO "discovery_ranges" VALUES('tour','truck','127.44.0.48-127.44.0.50',0,NULL,NULL,'config','2026-11-26T02:20:37.682Z');
INSERT INTO "discovery_ranges" VALUES('default','stage','127.44.0.16/30',1,3600.0,'shure','config','2026-11-26T02:20:37.687Z');
INSERT INTO "discovery_ranges" VALUES('default','stage','127.44.0.31',1,NULL,NULL,'config','2026-11-26T02:20:37.687Z');
INSERT INTO "discovery_ranges" VALUES('default','stage','nobody.invalid:2202',1,NULL,NULL,'config','2026-11-26T02:20:37.687Z');
CREATE TABLE ignored_identities (
	organization VARCHAR NOT NULL, 
	campus VARCHAR NOT NULL, 
	receiver VARCHAR NOT NULL, 
	manufacturer VARCHAR NOT NULL, 
	serial VARCHAR, 
	mac VARCHAR, 
	model VARCHAR, 
	device_id VARCHAR, 
	host VARCHAR NOT NULL, 
	since VARCHAR NOT NULL, 
	CONSTRAINT pk_ignored_identities PRIMARY KEY (organization, campus, receiver), 
	CONSTRAINT fk_ignored_identities_campuses FOREIGN KEY(organization, campus) REFERENCES campuses (organization, id)
);
INSERT INTO "ignored_identities" VALUES('default','stage','ulxd4d-000eddebf835','shure',NULL,'00:0e:dd:eb:f8:35','ULXD4D','ULXD0001','127.44.0.18','2026-11-26T02:20:37.884Z');
CREATE TABLE meta (
	"key" VARCHAR NOT NULL, 
	value VARCHAR NOT NULL, 
	CONSTRAINT pk_meta PRIMARY KEY ("key")
);
INSERT INTO "meta" VALUES('stream','15242418-77ba-448b-a50e-23a45b3c36bb');
INSERT INTO "meta" VALUES('epoch','1795659635');
INSERT INTO "meta" VALUES('configuration_digest','c2faba735ad0');
CREATE TABLE organizations (
	id VARCHAR NOT NULL, 
	CONSTRAINT pk_organizations PRIMARY KEY (id)
);
INSERT INTO "organizations" VALUES('default');
INSERT INTO "organizations" VALUES('tour');
CREATE TABLE published_resources (
	organization VARCHAR NOT NULL, 
	campus VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	id VARCHAR NOT NULL, 
	facet VARCHAR NOT NULL, 
	part VARCHAR NOT NULL, 
	CONSTRAINT pk_published_resources PRIMARY KEY (organization, campus, kind, id, facet, part)
);
INSERT INTO "published_resources" VALUES('default','stage','receiver','rack-a','info','');
INSERT INTO "published_resources" VALUES('default','stage','channel','rack-a-1','info','');
INSERT INTO "published_resources" VALUES('default','stage','channel','rack-a-2','info','');
INSERT INTO "published_resources" VALUES('default','stage','channel','rack-a-3','info','');
INSERT INTO "published_resources" VALUES('default','stage','channel','rack-a-4','info','');
INSERT INTO "published_resources" VALUES('tour','truck','receiver','truck-1','info','');
INSERT INTO "published_resources" VALUES('tour','truck','channel','truck-1-1','info','');
INSERT INTO "published_resources" VALUES('default','stage','receiver','old-analogue','info','');
INSERT INTO "published_resources" VALUES('default','stage','receiver','slxd4d-189b54e1','info','');
INSERT INTO "published_resources" VALUES('default','stage','receiver','rack-a','state','');
INSERT INTO "published_resources" VALUES('default','stage','channel','rack-a-1','state','');
INSERT INTO "published_resources" VALUES('default','stage','channel','rack-a-2','state','');
INSERT INTO "published_resources" VALUES('default','stage','channel','rack-a-3','state','');
INSERT INTO "published_resources" VALUES('default','stage','channel','rack-a-4','state','');
INSERT INTO "published_resources" VALUES('tour','truck','receiver','truck-1','state','');
INSERT INTO "published_resources" VALUES('tour','truck','channel','truck-1-1','state','');
INSERT INTO "published_resources" VALUES('default','stage','receiver','old-analogue','state','');
INSERT INTO "published_resources" VALUES('default','stage','receiver','slxd4d-189b54e1','state','');
INSERT INTO "published_resources" VALUES('default','stage','receiver','rack-a','availability','');
INSERT INTO "published_resources" VALUES('default','stage','channel','rack-a-1','availability','');
INSERT INTO "published_resources" VALUES('default','stage','channel','rack-a-2','availability','');
INSERT INTO "published_resources" VALUES('default','stage','channel','rack-a-3','availability','');
INSERT INTO "published_resources" VALUES('default','stage','channel','rack-a-4','availability','');
INSERT INTO "published_resources" VALUES('tour','truck','receiver','truck-1','availability','');
INSERT INTO "published_resources" VALUES('tour','truck','channel','truck-1-1','availability','');
INSERT INTO "published_resources" VALUES('default','stage','receiver','old-analogue','availability','');
INSERT INTO "published_resources" VALUES('default','stage','receiver','slxd4d-189b54e1','availability','');
INSERT INTO "published_resources" VALUES('default','stage','receiver','rack-a','link','');
INSERT INTO "published_resources" VALUES('tour','truck','receiver','truck-1','link','');
INSERT INTO "published_resources" VALUES('default','stage','receiver','old-analogue','link','');
INSERT INTO "published_resources" VALUES('default','stage','receiver','slxd4d-189b54e1','link','');
INSERT INTO "published_resources" VALUES('default','stage','bridge','main','inventory','0');
INSERT INTO "published_resources" VALUES('default','stage','bridge','main','summary','');
INSERT INTO "published_resources" VALUES('default','stage','bridge','main','candidates','');
INSERT INTO "published_resources" VALUES('tour','truck','bridge','main','inventory','0');
INSERT INTO "published_resources" VALUES('tour','truck','bridge','main','summary','');
INSERT INTO "published_resources" VALUES('tour','truck','bridge','main','candidates','');
INSERT INTO "published_resources" VALUES('default','stage','channel','slxd4d-189b54e1-1','info','');
INSERT INTO "published_resources" VALUES('default','stage','channel','slxd4d-189b54e1-2','info','');
INSERT INTO "published_resources" VALUES('default','stage','channel','slxd4d-189b54e1-1','state','');
INSERT INTO "published_resources" VALUES('default','stage','channel','slxd4d-189b54e1-2','state','');
INSERT INTO "published_resources" VALUES('default','stage','channel','slxd4d-189b54e1-1','availability','');
INSERT INTO "published_resources" VALUES('default','stage','channel','slxd4d-189b54e1-2','availability','');
INSERT INTO "published_resources" VALUES('default','stage','receiver','qlxd4-000edda8a775','info','');
INSERT INTO "published_resources" VALUES('default','stage','receiver','qlxd4-000edda8a775','state','');
INSERT INTO "published_resources" VALUES('default','stage','receiver','qlxd4-000edda8a775','availability','');
INSERT INTO "published_resources" VALUES('default','stage','receiver','qlxd4-000edda8a775','link','');
INSERT INTO "published_resources" VALUES('default','stage','receiver','qlxd4-000edda6c659','info','');
INSERT INTO "published_resources" VALUES('default','stage','receiver','qlxd4-000edda6c659','state','');
INSERT INTO "published_resources" VALUES('default','stage','receiver','qlxd4-000edda6c659','availability','');
INSERT INTO "published_resources" VALUES('default','stage','receiver','qlxd4-000edda6c659','link','');
INSERT INTO "published_resources" VALUES('default','stage','channel','qlxd4-000edda8a775-1','info','');
INSERT INTO "published_resources" VALUES('default','stage','channel','qlxd4-000edda8a775-1','state','');
INSERT INTO "published_resources" VALUES('default','stage','channel','qlxd4-000edda8a775-1','availability','');
INSERT INTO "published_resources" VALUES('default','stage','channel','qlxd4-000edda6c659-1','info','');
INSERT INTO "published_resources" VALUES('default','stage','channel','qlxd4-000edda6c659-1','state','');
INSERT INTO "published_resources" VALUES('default','stage','channel','qlxd4-000edda6c659-1','availability','');
INSERT INTO "published_resources" VALUES('default','stage','receiver','stage-left','info','');
INSERT INTO "published_resources" VALUES('default','stage','receiver','stage-left','state','');
INSERT INTO "published_resources" VALUES('default','stage','receiver','stage-left','availability','');
INSERT INTO "published_resources" VALUES('default','stage','receiver','stage-left','link','');
INSERT INTO "published_resources" VALUES('default','stage','channel','stage-left-1','info','');
INSERT INTO "published_resources" VALUES('default','stage','channel','stage-left-2','info','');
INSERT INTO "published_resources" VALUES('default','stage','channel','stage-left-1','state','');
INSERT INTO "published_resources" VALUES('default','stage','channel','stage-left-2','state','');
INSERT INTO "published_resources" VALUES('default','stage','channel','stage-left-1','slots','');
INSERT INTO "published_resources" VALUES('default','stage','channel','stage-left-2','slots','');
INSERT INTO "published_resources" VALUES('default','stage','channel','stage-left-1','availability','');
INSERT INTO "published_resources" VALUES('default','stage','channel','stage-left-2','availability','');
CREATE TABLE receivers (
	organization VARCHAR NOT NULL, 
	campus VARCHAR NOT NULL, 
	id VARCHAR NOT NULL, 
	manufacturer VARCHAR NOT NULL, 
	driver VARCHAR NOT NULL, 
	host VARCHAR NOT NULL, 
	port INTEGER, 
	family VARCHAR, 
	model VARCHAR, 
	name VARCHAR, 
	serial VARCHAR, 
	mac VARCHAR, 
	device_id VARCHAR, 
	firmware VARCHAR, 
	band VARCHAR, 
	channel_count INTEGER, 
	source VARCHAR NOT NULL, 
	labels JSON NOT NULL, 
	meter_interval_s FLOAT, 
	interface VARCHAR NOT NULL, 
	state JSON NOT NULL, 
	changed_at VARCHAR, 
	last_seen VARCHAR, 
	CONSTRAINT pk_receivers PRIMARY KEY (organization, campus, id), 
	CONSTRAINT fk_receivers_campuses FOREIGN KEY(organization, campus) REFERENCES campuses (organization, id)
);
INSERT INTO "receivers" VALUES('default','stage','rack-a','shure','shure','127.44.0.11',2202,'ulxd','ULXD4Q','Rack A',NULL,'00:0e:dd:86:3c:2c','ULXD0001','2.7.6.0',NULL,4,'config','{"building":"North","location":"Main house","position":"1","rack":"A","room":"Stage left","tags":["vocals","band"]}',NULL,'','{"alerts":[],"audio_summing_mode":"off","encryption_mode":"off","firmware_update_failed":false,"frequency_diversity_mode":"off","lock":null,"name":"ULXD0001","quadversity_mode":null,"transmission_mode":"standard"}','2026-11-26T02:20:35.678Z','2026-11-26T02:20:35.677Z');
INSERT INTO "receivers" VALUES('tour','truck','truck-1','shure','shure','127.44.0.41',NULL,'ulxd','ULXD4',NULL,NULL,'00:0e:dd:e5:99:19','ULXD0001','2.7.6.0',NULL,1,'config','{"building":null,"location":null,"position":null,"rack":null,"room":null,"tags":[]}',NULL,'','{"alerts":[],"audio_summing_mode":null,"encryption_mode":"off","firmware_update_failed":false,"frequency_diversity_mode":null,"lock":null,"name":"ULXD0001","quadversity_mode":null,"transmission_mode":"standard"}','2026-11-26T02:20:35.679Z','2026-11-26T02:20:36.639Z');
INSERT INTO "receivers" VALUES('default','stage','old-analogue','shure','manual','',NULL,NULL,NULL,'The old analogue rack',NULL,NULL,NULL,NULL,NULL,NULL,'config','{"building":null,"location":null,"position":null,"rack":null,"room":"Store","tags":[]}',NULL,'','{}',NULL,NULL);
INSERT INTO "receivers" VALUES('default','stage','slxd4d-189b54e1','shure','shure','127.44.0.12',NULL,'slxd','SLXD4D',NULL,NULL,NULL,'SLXD0001','1.4.7.0','G55',2,'config','{"building":null,"location":null,"position":null,"rack":null,"room":null,"tags":[]}',0.5,'','{"alerts":[],"audio_summing_mode":null,"encryption_mode":null,"firmware_update_failed":false,"frequency_diversity_mode":null,"lock":"none","name":"SLXD0001","quadversity_mode":null,"transmission_mode":null}','2026-11-26T02:20:35.702Z','2026-11-26T02:20:35.701Z');
INSERT INTO "receivers" VALUES('default','stage','qlxd4-000edda8a775','shure','shure','127.44.0.31',NULL,'qlxd','QLXD4',NULL,NULL,'00:0e:dd:a8:a7:75','QLXD0001','2.7.6.0',NULL,1,'discovery','{}',NULL,'','{"alerts":[],"audio_summing_mode":null,"encryption_mode":"off","firmware_update_failed":false,"frequency_diversity_mode":null,"lock":null,"name":"QLXD0001","quadversity_mode":null,"transmission_mode":null}','2026-11-26T02:20:37.691Z','2026-11-26T02:20:37.691Z');
INSERT INTO "receivers" VALUES('default','stage','qlxd4-000edda6c659','shure','shure','127.44.0.17',NULL,'qlxd','QLXD4',NULL,NULL,'00:0e:dd:a6:c6:59','QLXD0001','2.7.6.0',NULL,1,'discovery','{"room":"Chapel","tags":["choir"]}',NULL,'','{"alerts":[],"audio_summing_mode":null,"encryption_mode":"off","firmware_update_failed":false,"frequency_diversity_mode":null,"lock":null,"name":"QLXD0001","quadversity_mode":null,"transmission_mode":null}','2026-11-26T02:20:37.692Z','2026-11-26T02:20:37.692Z');
INSERT INTO "receivers" VALUES('default','stage','stage-left','shure','shure','127.44.0.13',NULL,'axient','AD4D-A','Stage left',NULL,NULL,'AD40001','1.4.11.0','G57',2,'command','{"room":"Wings","tags":["spare"]}',0.5,'','{"alerts":[],"audio_summing_mode":null,"encryption_mode":"off","firmware_update_failed":false,"frequency_diversity_mode":null,"lock":null,"name":"AD40001","quadversity_mode":false,"transmission_mode":"standard"}','2026-11-26T02:20:37.711Z','2026-11-26T02:20:37.746Z');
CREATE TABLE transmitters (
	organization VARCHAR NOT NULL, 
	campus VARCHAR NOT NULL, 
	receiver VARCHAR NOT NULL, 
	channel INTEGER NOT NULL, 
	model VARCHAR NOT NULL, 
	device_id VARCHAR NOT NULL, 
	firmware VARCHAR, 
	battery_percent INTEGER, 
	battery_bars INTEGER, 
	last_seen VARCHAR NOT NULL, 
	CONSTRAINT pk_transmitters PRIMARY KEY (organization, campus, receiver, channel, model, device_id), 
	CONSTRAINT fk_transmitters_receivers FOREIGN KEY(organization, campus, receiver) REFERENCES receivers (organization, campus, id) ON DELETE CASCADE
);
INSERT INTO "transmitters" VALUES('default','stage','rack-a',1,'ULXD2','TX0001','2.4.20.0',64,5,'2026-11-26T02:20:35.678Z');
INSERT INTO "transmitters" VALUES('default','stage','rack-a',2,'ULXD1','TX0002','2.4.20.0',100,5,'2026-11-26T02:20:35.678Z');
INSERT INTO "transmitters" VALUES('default','stage','rack-a',3,'ULXD8','TX0003','2.4.20.0',100,5,'2026-11-26T02:20:35.678Z');
INSERT INTO "transmitters" VALUES('default','stage','rack-a',4,'ULXD2','TX0004','2.4.20.0',100,5,'2026-11-26T02:20:35.678Z');
INSERT INTO "transmitters" VALUES('tour','truck','truck-1',1,'ULXD2','TX0001','2.4.20.0',100,5,'2026-11-26T02:20:35.679Z');
INSERT INTO "transmitters" VALUES('default','stage','slxd4d-189b54e1',1,'SLXD2','',NULL,NULL,4,'2026-11-26T02:20:35.702Z');
INSERT INTO "transmitters" VALUES('default','stage','slxd4d-189b54e1',2,'SLXD1','',NULL,NULL,4,'2026-11-26T02:20:35.702Z');
INSERT INTO "transmitters" VALUES('default','stage','qlxd4-000edda8a775',1,'QLXD2','TX0001','2.4.20.0',100,5,'2026-11-26T02:20:37.691Z');
INSERT INTO "transmitters" VALUES('default','stage','qlxd4-000edda6c659',1,'QLXD2','TX0001','2.4.20.0',100,5,'2026-11-26T02:20:37.692Z');
INSERT INTO "transmitters" VALUES('default','stage','stage-left',1,'ADX2','TX0001',NULL,90,5,'2026-11-26T02:20:37.711Z');
INSERT INTO "transmitters" VALUES('default','stage','stage-left',2,'AD2','TX0002',NULL,90,5,'2026-11-26T02:20:37.711Z');
CREATE INDEX ix_channels_organization_campus_receiver ON channels (organization, campus, receiver);
CREATE INDEX ix_audit_events_published_at_position ON audit_events (published_at, position);
CREATE INDEX ix_audit_events_time ON audit_events (time);
COMMIT;
