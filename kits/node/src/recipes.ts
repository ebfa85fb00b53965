// Generated from docs/cookbook.md and docs/providers.md by tools/kit-recipes (make kits). DO NOT EDIT.
import type { Duration } from "./client.js";
import { type Recipe, RecipeHost } from "./recipe.js";

export const RECIPES: Record<string, Recipe> = {
  resetConnections: {"calls": [{"kind": "behaviors", "document": [{"command": "CONNECT", "response": {"then": "reset"}}]}], "places": {}},
  closeConnections: {"calls": [{"kind": "behaviors", "document": [{"command": "CONNECT", "response": {"then": "close"}}]}], "places": {}},
  silentConnections: {"calls": [{"kind": "behaviors", "document": [{"command": "CONNECT", "response": {"then": "hang"}}]}], "places": {}},
  outage: {"calls": [{"kind": "behaviors", "document": [{"command": "CONNECT", "response": {"code": 421, "message": "4.3.2 Busy", "then": "close"}}]}], "places": {"code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]]}},
  noService: {"calls": [{"kind": "behaviors", "document": [{"command": "CONNECT", "response": {"code": 554, "message": "No SMTP service here"}}]}], "places": {"code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]]}},
  noMailHere: {"calls": [{"kind": "behaviors", "document": [{"command": "CONNECT", "response": {"code": 521, "message": "mx.there.test does not accept mail"}}]}], "places": {"code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]]}},
  longBanner: {"calls": [{"kind": "behaviors", "document": [{"command": "CONNECT", "response": {"code": 220, "message": "mx.there.test ESMTP\nNo spam\nAll is recorded"}}]}], "places": {"message": [[0, 0, "response", "message"]]}},
  slowBanner: {"calls": [{"kind": "behaviors", "document": [{"command": "CONNECT", "probability": 0.3, "response": {"delay": "30s"}}]}], "places": {"probability": [[0, 0, "probability"]], "delay": [[0, 0, "response", "delay"]]}},
  drippedBanner: {"calls": [{"kind": "behaviors", "document": [{"command": "CONNECT", "response": {"drip": {"bytes": 1, "interval": "1s"}}}]}], "places": {"interval": [[0, 0, "response", "drip", "interval"]]}},
  oversizedBanner: {"calls": [{"kind": "behaviors", "document": [{"command": "CONNECT", "response": {"code": 220, "message": "mx.there.test ESMTP xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}}]}], "places": {}},
  nonAsciiBanner: {"calls": [{"kind": "behaviors", "document": [{"command": "CONNECT", "response": {"raw": "220 mx.there.test Gr\u00fc\u00dfe\r\n", "effect": "apply"}}]}], "places": {}},
  junkBeforeBanner: {"calls": [{"kind": "behaviors", "document": [{"command": "CONNECT", "response": {"raw": "\u0000\u00ff warming up\r\n220 mx.there.test ESMTP\r\n"}}]}], "places": {}},
  noEhlo: {"calls": [{"kind": "behaviors", "document": [{"command": "EHLO", "response": {"code": 502, "message": "5.5.1 What is EHLO?"}}]}], "places": {"code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]]}},
  ehloOutage: {"calls": [{"kind": "behaviors", "document": [{"command": "EHLO", "response": {"code": 421, "message": "4.3.2 Going down", "then": "close"}}]}], "places": {"code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]]}},
  resetAtEhlo: {"calls": [{"kind": "behaviors", "document": [{"command": "EHLO", "response": {"then": "reset"}}]}], "places": {}},
  noExtensions: {"calls": [{"kind": "host", "document": {"capabilities": []}}], "places": {}},
  otherExtensionsUnderTls: {"calls": [{"kind": "host", "document": {"tls": {"mode": "starttls"}, "capabilities": {"beforeTls": ["PIPELINING", "SIZE 1000"], "underTls": ["8BITMIME", "SIZE 5000000"]}}}], "places": {"beforeTls": [[0, "capabilities", "beforeTls"]], "underTls": [[0, "capabilities", "underTls"]]}},
  unusualKeywords: {"calls": [{"kind": "behaviors", "document": [{"command": "EHLO", "response": {"code": 250, "message": "mx.there.test\npipelining\nSize=1000\n\n-\nX-OWN a=b\n8bitmime"}}]}], "places": {}},
  starttlsDeferred: {"calls": [{"kind": "host", "document": {"tls": {"mode": "starttls"}}}, {"kind": "behaviors", "document": [{"command": "STARTTLS", "response": {"code": 454, "message": "4.7.0 TLS not available"}}]}], "places": {"code": [[1, 0, "response", "code"]], "message": [[1, 0, "response", "message"]]}},
  starttlsRejected: {"calls": [{"kind": "host", "document": {"tls": {"mode": "starttls"}}}, {"kind": "behaviors", "document": [{"command": "STARTTLS", "response": {"code": 502, "message": "5.5.1 Not implemented"}}]}], "places": {"code": [[1, 0, "response", "code"]], "message": [[1, 0, "response", "message"]]}},
  closeAtStarttls: {"calls": [{"kind": "host", "document": {"tls": {"mode": "starttls"}}}, {"kind": "behaviors", "document": [{"command": "STARTTLS", "response": {"then": "close"}}]}], "places": {}},
  closeAfterStarttls: {"calls": [{"kind": "host", "document": {"tls": {"mode": "starttls"}}}, {"kind": "behaviors", "document": [{"command": "STARTTLS", "response": {"code": 220, "message": "Go", "then": "close"}}]}], "places": {}},
  garbageInsteadOfTls: {"calls": [{"kind": "host", "document": {"tls": {"mode": "starttls"}}}, {"kind": "behaviors", "document": [{"command": "TLS", "numberOfAnswer": 1, "response": {"raw": "220 oops\r\n", "then": "close"}}]}], "places": {}},
  silenceInsteadOfTls: {"calls": [{"kind": "host", "document": {"tls": {"mode": "starttls"}}}, {"kind": "behaviors", "document": [{"command": "TLS", "response": {"then": "hang"}}]}], "places": {}},
  obsoleteTls: {"calls": [{"kind": "host", "document": {"tls": {"minVersion": "TLSv1", "maxVersion": "TLSv1.1"}}}], "places": {"minVersion": [[0, "tls", "minVersion"]], "maxVersion": [[0, "tls", "maxVersion"]]}},
  selfSignedCertificate: {"calls": [{"kind": "host", "document": {"tls": {"certificate": "selfSigned"}}}], "places": {}},
  expiredCertificate: {"calls": [{"kind": "host", "document": {"tls": {"certificate": "expired"}}}], "places": {}},
  wrongNameCertificate: {"calls": [{"kind": "host", "document": {"tls": {"certificate": "wrongName"}}}], "places": {}},
  untrustedCertificate: {"calls": [{"kind": "host", "document": {"tls": {"certificate": "untrusted"}}}], "places": {}},
  clientCertificateRequired: {"calls": [{"kind": "host", "document": {"tls": {"mode": "starttls", "clientCertificate": "require"}}}], "places": {}},
  starttls: {"calls": [{"kind": "host", "document": {"tls": {"mode": "starttls"}}}], "places": {}},
  injectedAfter220: {"calls": [{"kind": "host", "document": {"tls": {"mode": "starttls"}}}, {"kind": "behaviors", "document": [{"command": "STARTTLS", "response": {"raw": "220 Go\r\n250-mx.there.test\r\n250 X-INJECTED\r\n", "effect": "apply"}}]}], "places": {}},
  injectedByClient: {"calls": [{"kind": "host", "document": {"tls": {"mode": "starttls"}}}, {"kind": "host", "document": {"tls": {"mode": "starttls"}}}], "places": {}},
  noEhloUnderTls: {"calls": [{"kind": "host", "document": {"tls": {"mode": "starttls"}}}, {"kind": "behaviors", "document": [{"command": "EHLO", "condition": {"target": "tls", "operator": "exists"}, "response": {"code": 502, "message": "5.5.1 Not here"}}]}], "places": {"code": [[1, 0, "response", "code"]], "message": [[1, 0, "response", "message"]]}},
  outageUnderTls: {"calls": [{"kind": "host", "document": {"tls": {"mode": "starttls"}}}, {"kind": "behaviors", "document": [{"command": "EHLO", "condition": {"target": "tls", "operator": "exists"}, "response": {"code": 421, "message": "4.3.2 Too busy", "then": "close"}}]}], "places": {"code": [[1, 0, "response", "code"]], "message": [[1, 0, "response", "message"]]}},
  auth: {"calls": [{"kind": "host", "document": {"auth": {"mechanisms": ["PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2", "OAUTHBEARER"], "users": {"bob": "s3cret"}}}}], "places": {"mechanisms": [[0, "auth", "mechanisms"]], "users": [[0, "auth", "users"]]}},
  wrongPassword: {"calls": [{"kind": "host", "document": {"auth": {"users": {"bob": "s3cret"}}}}], "places": {"users": [[0, "auth", "users"]]}},
  authOutage: {"calls": [{"kind": "host", "document": {"auth": {"users": "any"}}}, {"kind": "behaviors", "document": [{"command": "AUTH", "scenario": {"name": "outage", "state": "down"}, "response": {"code": 454, "message": "4.7.0 Temporary authentication failure"}}]}], "places": {"code": [[1, 0, "response", "code"]], "message": [[1, 0, "response", "message"]]}},
  passwordTransition: {"calls": [{"kind": "host", "document": {"auth": {"users": "any"}}}, {"kind": "behaviors", "document": [{"command": "AUTH", "condition": {"target": "authMechanism", "operator": "equals", "matchingValue": "CRAM-MD5"}, "response": {"code": 432, "message": "4.7.12 A password transition is needed"}}]}], "places": {"code": [[1, 0, "response", "code"]], "message": [[1, 0, "response", "message"]]}},
  weakMechanism: {"calls": [{"kind": "host", "document": {"auth": {"users": "any"}}}, {"kind": "behaviors", "document": [{"command": "AUTH COMMAND", "condition": {"operator": "startsWith", "matchingValue": "PLAIN", "ignoreCase": true}, "response": {"code": 534, "message": "5.7.9 Mechanism is too weak"}}]}], "places": {"code": [[1, 0, "response", "code"]], "message": [[1, 0, "response", "message"]]}},
  authRequired: {"calls": [{"kind": "host", "document": {"auth": {"users": "any", "required": true}}}], "places": {"users": [[0, "auth", "users"]]}},
  authOnlyUnderTls: {"calls": [{"kind": "host", "document": {"tls": {"mode": "starttls"}, "auth": {"users": "any", "requireTls": true}}}], "places": {}},
  oneMechanism: {"calls": [{"kind": "host", "document": {"auth": {"mechanisms": ["PLAIN"], "users": "any"}}}], "places": {"mechanisms": [[0, "auth", "mechanisms"]]}},
  malformedChallenge: {"calls": [{"kind": "host", "document": {"auth": {"mechanisms": ["LOGIN", "CRAM-MD5"], "users": "any"}}}, {"kind": "behaviors", "document": [{"command": "AUTH COMMAND", "response": {"raw": "334 %%%\r\n", "effect": "apply"}}]}], "places": {}},
  closeDuringAuth: {"calls": [{"kind": "host", "document": {"auth": {"mechanisms": ["LOGIN", "CRAM-MD5"], "users": "any"}}}, {"kind": "behaviors", "document": [{"command": "AUTH COMMAND", "response": {"raw": "334 VXNlcm5hbWU6\r\n", "then": "close"}}]}], "places": {}},
  senderDeferred: {"calls": [{"kind": "behaviors", "document": [{"command": "MAIL FROM", "response": {"code": 451, "message": "4.1.8 Can't look up your domain"}}]}], "places": {"code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]]}},
  senderRejected: {"calls": [{"kind": "behaviors", "document": [{"command": "MAIL FROM", "condition": {"operator": "endsWith", "matchingValue": "@spam.test"}, "response": {"code": 550, "message": "5.7.1 We do not take your mail"}}]}], "places": {"domain": [[0, 0, "condition", "matchingValue"]], "code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]]}},
  resetAtRcpt: {"calls": [{"kind": "behaviors", "document": [{"command": "RCPT TO", "response": {"then": "reset"}}]}], "places": {}},
  eightBitRefused: {"calls": [{"kind": "behaviors", "document": [{"command": "MAIL FROM", "condition": {"target": "parameter:BODY", "operator": "equals", "matchingValue": "8BITMIME", "ignoreCase": true}, "response": {"code": 554, "message": "5.6.3 Conversion required"}}]}], "places": {"code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]]}},
  nullSenderRefused: {"calls": [{"kind": "behaviors", "document": [{"command": "MAIL FROM", "condition": {"operator": "equals", "matchingValue": ""}, "response": {"code": 550, "message": "5.7.1 No bounces"}}]}], "places": {"code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]]}},
  fullMailbox: {"calls": [{"kind": "behaviors", "document": [{"command": "RCPT TO", "condition": {"operator": "contains", "matchingValue": "full@"}, "response": {"code": 452, "message": "4.2.2 Mailbox full"}}, {"command": "DATA", "condition": {"target": "size", "operator": "atLeast", "matchingValue": "1000000"}, "response": {"code": 552, "message": "5.3.4 Too big"}}]}], "places": {"recipient": [[0, 0, "condition"]], "code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]], "size": [[0, 1, "condition", "matchingValue"]]}},
  differentReplies: {"calls": [{"kind": "behaviors", "document": [{"command": "RCPT TO", "condition": {"operator": "contains", "matchingValue": "nobody@"}, "response": {"code": 550, "message": "5.1.1 Unknown"}}, {"command": "RCPT TO", "condition": {"operator": "contains", "matchingValue": "busy@"}, "response": {"code": 451, "message": "4.2.1 Later"}, "numberOfAnswer": 1}]}], "places": {}},
  unknownRecipients: {"calls": [{"kind": "behaviors", "document": [{"command": "RCPT TO", "response": {"code": 550, "message": "5.1.1 Unknown"}}]}], "places": {"code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]]}},
  tooManyRecipients: {"calls": [{"kind": "behaviors", "document": [{"command": "RCPT TO", "per": "transaction", "skip": 100, "response": {"code": 452, "message": "4.5.3 Too many recipients"}}]}], "places": {"accepted": [[0, 0, "skip"]], "code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]]}},
  movedRecipients: {"calls": [{"kind": "behaviors", "document": [{"command": "RCPT TO", "condition": {"operator": "startsWith", "matchingValue": "moved@"}, "response": {"code": 251, "message": "User not local; will forward to <new@else.test>"}}, {"command": "RCPT TO", "condition": {"operator": "startsWith", "matchingValue": "gone@"}, "response": {"code": 551, "message": "User not local; please try <new@else.test>"}}]}], "places": {}},
  closeAfterMails: {"calls": [{"kind": "behaviors", "document": [{"command": "MAIL FROM", "per": "connection", "skip": 10, "response": {"code": 421, "message": "4.7.0 Too many messages", "then": "close"}}]}], "places": {"mails": [[0, 0, "skip"]], "code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]]}},
  stayOpenAfter421: {"calls": [{"kind": "behaviors", "document": [{"command": "RCPT TO", "response": {"code": 421, "message": "4.3.2 Closing"}}]}], "places": {"code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]]}},
  secondMailRefused: {"calls": [{"kind": "behaviors", "document": [{"command": "MAIL FROM", "per": "connection", "skip": 1, "response": {"code": 451, "message": "4.7.0 One mail at a time"}}]}], "places": {"code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]]}},
  rsetRefused: {"calls": [{"kind": "behaviors", "document": [{"command": "RSET", "response": {"code": 451, "message": "4.3.0 Not now"}}]}], "places": {"code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]]}},
  dataDeferred: {"calls": [{"kind": "behaviors", "document": [{"command": "DATA COMMAND", "response": {"code": 451, "message": "4.3.0 Disk full"}}, {"command": "BDAT", "response": {"code": 451, "message": "4.3.0 Disk full"}}]}], "places": {"code": [[0, 0, "response", "code"], [0, 1, "response", "code"]], "message": [[0, 0, "response", "message"], [0, 1, "response", "message"]]}},
  dataRejected: {"calls": [{"kind": "behaviors", "document": [{"command": "DATA COMMAND", "response": {"code": 554, "message": "5.7.1 No content"}}, {"command": "BDAT", "response": {"code": 554, "message": "5.7.1 No content"}}]}], "places": {"code": [[0, 0, "response", "code"], [0, 1, "response", "code"]], "message": [[0, 0, "response", "message"], [0, 1, "response", "message"]]}},
  dataGets250: {"calls": [{"kind": "host", "document": {"capabilities": ["PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"]}}, {"kind": "behaviors", "document": [{"command": "DATA COMMAND", "response": {"code": 250, "message": "2.0.0 OK"}}]}], "places": {}},
  replyDuringContent: {"calls": [{"kind": "behaviors", "document": [{"command": "DATA CONTENT", "condition": {"target": "size", "operator": "atLeast", "matchingValue": "65536"}, "response": {"code": 552, "message": "5.3.4 Enough"}}]}], "places": {"size": [[0, 0, "condition", "matchingValue"]], "code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]]}},
  closeDuringContent: {"calls": [{"kind": "behaviors", "document": [{"command": "DATA CONTENT", "condition": {"target": "size", "operator": "atLeast", "matchingValue": "65536"}, "response": {"then": "close"}}]}], "places": {"size": [[0, 0, "condition", "matchingValue"]]}},
  stopReadingContent: {"calls": [{"kind": "behaviors", "document": [{"command": "DATA CONTENT", "condition": {"target": "size", "operator": "atLeast", "matchingValue": "65536"}, "response": {"then": "hang"}}]}], "places": {"size": [[0, 0, "condition", "matchingValue"]]}},
  contentRefused: {"calls": [{"kind": "behaviors", "document": [{"command": "DATA", "condition": {"operator": "contains", "matchingValue": "EICAR"}, "response": {"code": 554, "message": "5.7.1 Virus found"}}, {"command": "DATA", "condition": {"target": "body", "operator": "contains", "matchingValue": "viagra", "ignoreCase": true}, "response": {"code": 451, "message": "4.7.1 Looks like spam, come later"}}]}], "places": {"virus": [[0, 0, "condition", "matchingValue"]], "spam": [[0, 1, "condition", "matchingValue"]]}},
  headerRefused: {"calls": [{"kind": "host", "document": {"auth": {"users": "any"}}}, {"kind": "behaviors", "document": [{"command": "DATA", "condition": {"operator": "all", "conditions": [{"target": "header:Subject", "operator": "matches", "matchingValue": "invoice", "ignoreCase": true}, {"operator": "not", "condition": {"target": "authUser", "operator": "exists"}}]}, "response": {"code": 554, "enhancedCode": "5.7.1", "message": "Policy: {{header:Subject}}", "template": true}}]}], "places": {}},
  dataWithoutRecipient: {"calls": [{"kind": "behaviors", "document": [{"command": "RCPT TO", "response": {"code": 550, "message": "5.1.1 Unknown", "effect": "discard"}}, {"command": "DATA", "response": {"code": 554, "message": "5.5.1 No valid recipients"}}]}], "places": {}},
  keepThenReset: {"calls": [{"kind": "behaviors", "document": [{"command": "DATA", "numberOfAnswer": 1, "response": {"then": "reset", "effect": "apply"}}]}], "places": {}},
  keepThenClose: {"calls": [{"kind": "behaviors", "document": [{"command": "DATA", "numberOfAnswer": 1, "response": {"then": "close", "effect": "apply"}}]}], "places": {}},
  keepThenHang: {"calls": [{"kind": "behaviors", "document": [{"command": "DATA", "numberOfAnswer": 1, "response": {"then": "hang", "effect": "apply"}}]}], "places": {}},
  keepThenReplyLate: {"calls": [{"kind": "behaviors", "document": [{"command": "DATA", "numberOfAnswer": 1, "response": {"code": 250, "message": "2.0.0 Kept", "delay": "9m"}}]}], "places": {"delay": [[0, 0, "response", "delay"]]}},
  acceptAndLose: {"calls": [{"kind": "behaviors", "document": [{"command": "DATA", "condition": {"operator": "contains", "matchingValue": "X-Drop: yes"}, "response": {"code": 250, "message": "2.0.0 Queued", "effect": "discard"}}]}], "places": {"text": [[0, 0, "condition"]]}},
  keepAndRefuse: {"calls": [{"kind": "behaviors", "document": [{"command": "DATA", "response": {"code": 451, "message": "4.4.2 Timeout", "effect": "apply"}}]}], "places": {"code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]]}},
  closeAfter250: {"calls": [{"kind": "behaviors", "document": [{"command": "DATA", "response": {"code": 250, "message": "2.0.0 Kept", "then": "close"}}]}], "places": {}},
  malformedReplies: {"calls": [{"kind": "behaviors", "document": [{"command": "MAIL FROM", "responses": [{"raw": "\r\n", "then": "close"}, {"raw": "25 OK\r\n", "then": "close"}, {"raw": "250\r\n", "effect": "apply"}, {"raw": "250 OK\n", "effect": "apply"}, {"raw": "250 O\u0000K\r\n", "effect": "apply"}]}]}], "places": {}},
  changingCode: {"calls": [{"kind": "behaviors", "document": [{"command": "MAIL FROM", "response": {"raw": "250-One\r\n550 Two\r\n"}}]}], "places": {}},
  unfinishedReply: {"calls": [{"kind": "behaviors", "document": [{"command": "MAIL FROM", "response": {"raw": "250-There is more to come\r\n", "then": "hang"}}]}], "places": {}},
  endlessReply: {"calls": [{"kind": "behaviors", "document": [{"command": "MAIL FROM", "response": {"raw": "250-Wait\r\n250-Wait\r\n250-Wait\r\n250-Wait\r\n250-Wait\r\n250-Wait\r\n", "drip": {"bytes": 10, "interval": "1m"}, "then": "hang"}}]}], "places": {}},
  oversizedReply: {"calls": [{"kind": "behaviors", "document": [{"command": "MAIL FROM", "response": {"code": 451, "message": "4.3.0 Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on."}}]}], "places": {}},
  meaninglessCodes: {"calls": [{"kind": "behaviors", "document": [{"command": "MAIL FROM", "responses": [{"raw": "850 What?\r\n"}, {"raw": "199 What?\r\n"}, {"code": 354, "message": "Go ahead"}]}]}], "places": {}},
  contradictoryCodes: {"calls": [{"kind": "behaviors", "document": [{"command": "RCPT TO", "responses": [{"code": 550, "message": "4.2.1 For good, or for now?"}, {"code": 450, "message": "5.1.1 For now, or for good?"}, {"code": 250, "message": "5.1.1 Fine, or not?"}]}]}], "places": {}},
  extraReply: {"calls": [{"kind": "behaviors", "document": [{"command": "MAIL FROM", "response": {"raw": "250 2.1.0 OK\r\n250 2.1.0 OK\r\n", "effect": "apply"}}]}], "places": {}},
  octetByOctet: {"calls": [{"kind": "behaviors", "document": [{"command": "ANY", "response": {"drip": {"bytes": 1, "interval": "1ms"}}}]}], "places": {"interval": [[0, 0, "response", "drip", "interval"]]}},
  twoRepliesAtOnce: {"calls": [{"kind": "behaviors", "document": [{"command": "MAIL FROM", "response": {"raw": "", "effect": "apply"}}, {"command": "RCPT TO", "response": {"raw": "250 2.1.0 OK\r\n250 2.1.5 OK\r\n", "effect": "apply"}}]}], "places": {}},
  noPipelining: {"calls": [{"kind": "host", "document": {"capabilities": ["8BITMIME", "ENHANCEDSTATUSCODES"]}}], "places": {}},
  bdatRefused: {"calls": [{"kind": "behaviors", "document": [{"command": "BDAT", "response": {"code": 503, "message": "5.5.1 Not now"}}]}], "places": {"code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]]}},
  secondChunkRefused: {"calls": [{"kind": "behaviors", "document": [{"command": "BDAT", "per": "transaction", "skip": 1, "response": {"code": 452, "message": "4.3.1 Disk full"}}]}], "places": {"code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]]}},
  closeDuringChunk: {"calls": [{"kind": "behaviors", "document": [{"command": "DATA CONTENT", "condition": {"target": "size", "operator": "atLeast", "matchingValue": "1000"}, "response": {"then": "close"}}]}], "places": {"size": [[0, 0, "condition", "matchingValue"]]}},
  noChunking: {"calls": [{"kind": "host", "document": {"capabilities": ["PIPELINING", "8BITMIME"]}}], "places": {}},
  sizeLimit: {"calls": [{"kind": "host", "document": {"limits": {"messageSize": 1000}}}], "places": {"size": [[0, "limits", "messageSize"]]}},
  falseSizeLimit: {"calls": [{"kind": "host", "document": {"capabilities": ["PIPELINING", "SIZE 10000000"]}}, {"kind": "behaviors", "document": [{"command": "DATA", "condition": {"target": "size", "operator": "atLeast", "matchingValue": "1000"}, "response": {"code": 552, "message": "5.3.4 Too big"}}]}], "places": {"size": [[1, 0, "condition", "matchingValue"]], "code": [[1, 0, "response", "code"]], "message": [[1, 0, "response", "message"]]}},
  sevenBit: {"calls": [{"kind": "host", "document": {"capabilities": ["PIPELINING"]}}], "places": {}},
  dsn: {"calls": [{"kind": "host", "document": {"capabilities": ["PIPELINING", "DSN"]}}], "places": {}},
  rareExtensions: {"calls": [{"kind": "host", "document": {"capabilities": ["REQUIRETLS", "MT-PRIORITY MIXER", "DELIVERBY 240", "FUTURERELEASE 86400 2030-01-01T00:00:00Z"]}}], "places": {"capabilities": [[0, "capabilities"]]}},
  greylist: {"calls": [{"kind": "behaviors", "document": [{"command": "RCPT TO", "per": ["clientIp", "sender", "recipient"], "activeFor": "5m", "window": "24h", "response": {"code": 450, "message": "4.2.0 Greylisted"}}]}], "places": {"activeFor": [[0, 0, "activeFor"]], "window": [[0, 0, "window"]], "code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]]}},
  busyThenSuccess: {"calls": [{"kind": "behaviors", "document": [{"command": "RCPT TO", "per": "recipient", "responses": [{"code": 450, "message": "4.2.1 Busy", "times": 2}, {"code": 451, "message": "4.3.0 Again"}]}]}], "places": {}},
  alwaysDeferred: {"calls": [{"kind": "behaviors", "document": [{"command": "RCPT TO", "condition": {"operator": "contains", "matchingValue": "never@"}, "response": {"code": 451, "message": "4.3.0 Not today"}}]}], "places": {"recipient": [[0, 0, "condition"]], "code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]]}},
  connectionLimit: {"calls": [{"kind": "host", "document": {"limits": {"connections": 1}}}], "places": {"connections": [[0, "limits", "connections"]]}},
  mailsPerConnection: {"calls": [{"kind": "host", "document": {"limits": {"messages": 2}}}], "places": {"mails": [[0, "limits", "messages"]]}},
  rateLimit: {"calls": [{"kind": "behaviors", "document": [{"command": "MAIL FROM", "per": "clientIp", "skip": 100, "window": "1m", "response": {"code": 450, "message": "4.7.1 Rate limited"}}]}], "places": {"mails": [[0, 0, "skip"]], "window": [[0, 0, "window"]], "code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]]}},
  firstMailsRefused: {"calls": [{"kind": "behaviors", "document": [{"id": "first-two", "command": "MAIL FROM", "per": "clientIp", "numberOfAnswer": 2, "response": {"code": 450, "message": "4.7.1 Come again"}}]}], "places": {"mails": [[0, 0, "numberOfAnswer"]], "code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]]}},
  thirdMailRefused: {"calls": [{"kind": "behaviors", "document": [{"command": "MAIL FROM", "condition": {"target": "messageCount", "operator": "atLeast", "matchingValue": "2"}, "response": {"code": 450, "message": "4.7.0 Come on another connection"}}]}], "places": {"mails": [[0, 0, "condition", "matchingValue"]], "code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]]}},
  idleTime: {"calls": [{"kind": "host", "document": {"limits": {"idleTime": "10s"}}}], "places": {"time": [[0, "limits", "idleTime"]]}},
  closeLater: {"calls": [{"kind": "behaviors", "document": [{"command": "DATA", "response": {"code": 250, "message": "2.0.0 Kept", "then": "close", "thenDelay": "2s"}}]}], "places": {"delay": [[0, 0, "response", "thenDelay"]]}},
  delaysEverywhere: {"calls": [{"kind": "behaviors", "document": [{"command": "CONNECT", "response": {"delay": "4m"}}, {"command": "EHLO", "response": {"delay": "4m"}}, {"command": "MAIL FROM", "response": {"delay": "4m"}}, {"command": "RCPT TO", "response": {"delay": "4m"}}, {"command": "DATA COMMAND", "response": {"delay": "100s"}}, {"command": "DATA", "response": {"delay": "9m"}}]}], "places": {}},
  tarpit: {"calls": [{"kind": "behaviors", "document": [{"command": "ANY", "condition": {"target": "clientIp", "operator": "inNetwork", "matchingValue": "127.0.0.0/8"}, "response": {"delay": {"type": "lognormal", "median": 200, "sigma": 0.4, "maxValue": 900}, "drip": {"bytes": 1, "interval": "20ms"}}}]}], "places": {"network": [[0, 0, "condition", "matchingValue"]], "median": [[0, 0, "response", "delay", "median"]], "maxValue": [[0, 0, "response", "delay", "maxValue"]], "interval": [[0, 0, "response", "drip", "interval"]]}},
  gmailBusy: {"calls": [{"kind": "behaviors", "document": [{"command": "CONNECT", "response": {"code": 421, "enhancedCode": "4.4.5", "message": "Server busy, try again later. For more information, go to About SMTP\nerror messages. - gsmtp", "then": "close"}}]}], "places": {}},
  gmailRateLimit: {"calls": [{"kind": "behaviors", "document": [{"command": "DATA", "per": "clientIp", "skip": 100, "window": "1h", "response": {"code": 421, "enhancedCode": "4.7.28", "message": "Gmail has detected an unusual rate of email originating from your IP\naddress {{clientIp}}. To protect our users from spam, email sent from\nyour IP address has been temporarily rate limited. To review our bulk\nemail senders guidelines, go to Email sender guidelines. - gsmtp", "template": true, "then": "close"}}]}], "places": {"mails": [[0, 0, "skip"]], "window": [[0, 0, "window"]]}},
  gmailConnectionExpired: {"calls": [{"kind": "behaviors", "document": [{"command": "MAIL FROM", "per": "connection", "skip": 10, "response": {"code": 421, "enhancedCode": "4.7.0", "message": "Connection expired, try reconnecting. For more information, go to About\nSMTP error messages. - gsmtp", "then": "close"}}]}], "places": {"mails": [[0, 0, "skip"]]}},
  gmailRecipientRateLimit: {"calls": [{"kind": "behaviors", "document": [{"command": "RCPT TO", "per": "recipient", "skip": 10, "window": "1m", "response": {"code": 450, "enhancedCode": "4.2.1", "message": "The user you are trying to contact is receiving email at a rate that\nprevents additional messages from being delivered. Please resend your\nmessage at a later time. If the user is able to receive email at that\ntime, your message will be delivered. For more information, go to Limits\nfor sending & getting email. - gsmtp"}}]}], "places": {"mails": [[0, 0, "skip"]], "window": [[0, 0, "window"]]}},
  gmailFullMailbox: {"calls": [{"kind": "behaviors", "document": [{"command": "RCPT TO", "condition": {"operator": "contains", "matchingValue": "full@"}, "response": {"code": 452, "enhancedCode": "4.2.2", "message": "The recipient's inbox is out of storage space. Please direct the\nrecipient to Manage files in your Google Drive storage. - gsmtp"}}]}], "places": {"recipient": [[0, 0, "condition"]]}},
  gmailUnknownRecipient: {"calls": [{"kind": "behaviors", "document": [{"command": "RCPT TO", "condition": {"operator": "contains", "matchingValue": "nobody@"}, "response": {"code": 550, "enhancedCode": "5.1.1", "message": "The email account that you tried to reach does not exist. Please\ndouble-check the recipient's email address for typos or unnecessary\nspaces. For more information, go to Fix bounced or rejected emails. -\ngsmtp"}}]}], "places": {"recipient": [[0, 0, "condition"]]}},
  gmailTooManyRecipients: {"calls": [{"kind": "behaviors", "document": [{"command": "RCPT TO", "per": "transaction", "skip": 100, "response": {"code": 452, "enhancedCode": "4.5.3", "message": "Your message has too many recipients. For more information regarding\nGoogle's sending limits, go to Limits for sending & getting email. -\ngsmtp"}}]}], "places": {"accepted": [[0, 0, "skip"]]}},
  gmailTlsRequired: {"calls": [{"kind": "host", "document": {"tls": {"mode": "starttls"}}}, {"kind": "behaviors", "document": [{"command": "RCPT TO", "condition": {"target": "tls", "operator": "absent"}, "response": {"code": 421, "enhancedCode": "4.7.0", "message": "TLS required for RCPT domain, closing connection. For more information,\ngo to Email encryption in transit. - gsmtp", "then": "close"}}]}], "places": {}},
  gmailNoDkim: {"calls": [{"kind": "behaviors", "document": [{"command": "DATA", "condition": {"target": "header:DKIM-Signature", "operator": "absent"}, "response": {"code": 550, "enhancedCode": "5.7.30", "message": "This message was blocked because it didn't pass DKIM authentication.\nGmail requires bulk email senders to authenticate their email with DKIM.\nAuthentication results: DKIM = did not pass To set up DKIM for your\nsending domains, visit Set up DKIM. To learn more about Gmail\nrequirements for bulk email senders, visit Email sender guidelines. -\ngsmtp"}}]}], "places": {}},
  gmailNotAligned: {"calls": [{"kind": "behaviors", "document": [{"command": "DATA", "response": {"code": 421, "enhancedCode": "5.7.32", "message": "Your email was blocked because the From: header (RFC5322) in this\nmessage isn't aligned with either the authenticated SPF or DKIM\norganizational domain. Learn more about DMARC alignment. To learn more\nabout Gmail requirements for bulk email senders, visit Email sender\nguidelines. - gsmtp", "then": "close"}}]}], "places": {}},
  gmailLowReputation: {"calls": [{"kind": "behaviors", "document": [{"command": "DATA", "response": {"code": 550, "enhancedCode": "5.7.1", "message": "This message is likely suspicious due to the very low reputation of the\nsending domain. To best protect our users from spam, the message has\nbeen blocked. For more information, go to Why has Gmail blocked my\nmessages? - gsmtp"}}]}], "places": {}},
  gmailNoMessageId: {"calls": [{"kind": "behaviors", "document": [{"command": "DATA", "condition": {"target": "header:Message-ID", "operator": "absent"}, "response": {"code": 550, "enhancedCode": "5.7.1", "message": "Messages missing a valid Message-ID: header are not accepted. For more\ninformation, go to Email sender guidelines and review RFC 5322\nspecifications. - gsmtp"}}]}], "places": {}},
  outlookRateLimit: {"calls": [{"kind": "behaviors", "document": [{"command": "MAIL FROM", "per": "clientIp", "skip": 100, "window": "1h", "response": {"code": 421, "message": "RP-001 The mail server IP connecting to Outlook.com server has exceeded\nthe rate limit allowed. Reason for rate limitation is related to\nIP/domain reputation. If you are not an email/network admin please\ncontact your Email/Internet Service Provider for help.", "then": "close"}}]}], "places": {"mails": [[0, 0, "skip"]], "window": [[0, 0, "window"]]}},
  outlookConnectionRateLimit: {"calls": [{"kind": "behaviors", "document": [{"command": "MAIL FROM", "per": "connection", "skip": 10, "response": {"code": 421, "message": "RP-002 The mail server IP connecting to Outlook.com server has exceeded\nthe rate limit allowed on this connection. Reason for rate limitation is\nrelated to IP/domain reputation. If you are not an email/network admin\nplease contact your Email/Internet Service Provider for help.", "then": "close"}}]}], "places": {"mails": [[0, 0, "skip"]]}},
  outlookTooManyConnections: {"calls": [{"kind": "behaviors", "document": [{"command": "CONNECT", "per": "clientIp", "skip": 10, "window": "1m", "response": {"code": 421, "message": "RP-003 The mail server IP connecting to Outlook.com server has exceeded\nthe connection limit allowed. Reason for limitation is related to\nIP/domain reputation. If you are not an email/network admin please\ncontact your Email/Internet Service Provider for help.", "then": "close"}}]}], "places": {"connections": [[0, 0, "skip"]], "window": [[0, 0, "window"]]}},
  outlookNotAuthenticated: {"calls": [{"kind": "behaviors", "document": [{"command": "DATA", "response": {"code": 550, "enhancedCode": "5.7.515", "message": "Access denied, sending domain [here.test] does not meet the required\nauthentication level."}}]}], "places": {}},
  outlookBlocked: {"calls": [{"kind": "behaviors", "document": [{"command": "MAIL FROM", "response": {"code": 550, "message": "SC-001 Mail rejected by Outlook.com for policy reasons. Reasons for\nrejection may be related to content with spam-like characteristics or\nIP/domain reputation. If you are not an email/network admin please\ncontact your Email/Internet Service Provider for help."}}]}], "places": {}},
  outlookUnknownRecipient: {"calls": [{"kind": "behaviors", "document": [{"command": "RCPT TO", "condition": {"operator": "contains", "matchingValue": "nobody@"}, "response": {"code": 550, "enhancedCode": "5.5.0", "message": "Requested action not taken: mailbox unavailable"}}]}], "places": {"recipient": [[0, 0, "condition"]]}},
  microsoft365Greylist: {"calls": [{"kind": "behaviors", "document": [{"command": "MAIL FROM", "per": "clientIp", "activeFor": "10m", "window": "24h", "response": {"code": 451, "enhancedCode": "4.7.550", "message": "Access denied, please try again later"}}]}], "places": {"activeFor": [[0, 0, "activeFor"]], "window": [[0, 0, "window"]]}},
  microsoft365RecipientRateLimit: {"calls": [{"kind": "behaviors", "document": [{"command": "RCPT TO", "per": "recipient", "skip": 10, "window": "1m", "response": {"code": 432, "enhancedCode": "4.3.2", "message": "STOREDRV.Deliver; recipient thread limit exceeded"}}]}], "places": {"mails": [[0, 0, "skip"]], "window": [[0, 0, "window"]]}},
  microsoft365Blocked: {"calls": [{"kind": "behaviors", "document": [{"command": "MAIL FROM", "response": {"code": 550, "enhancedCode": "5.7.606", "message": "Access denied, banned sending IP [{{clientIp}}]; To request removal from this list please visit https://sender.office.com/ and follow the directions.", "template": true}}]}], "places": {}},
  microsoft365RelayDenied: {"calls": [{"kind": "behaviors", "document": [{"command": "RCPT TO", "condition": {"operator": "contains", "matchingValue": "@else.test"}, "response": {"code": 550, "enhancedCode": "5.4.1", "message": "Relay Access Denied"}}]}], "places": {"recipient": [[0, 0, "condition"]]}},
  yahooDeferred: {"calls": [{"kind": "behaviors", "document": [{"command": "CONNECT", "per": "clientIp", "activeFor": "1h", "response": {"code": 421, "enhancedCode": "4.7.0", "message": "[TS02] Messages from {{clientIp}} temporarily deferred - 4.16.56.1", "template": true, "then": "close"}}]}], "places": {"activeFor": [[0, 0, "activeFor"]]}},
  yahooDeferredForGood: {"calls": [{"kind": "behaviors", "document": [{"command": "CONNECT", "response": {"code": 421, "enhancedCode": "4.7.1", "message": "[TS03] All messages from {{clientIp}} permanently deferred", "template": true, "then": "close"}}]}], "places": {}},
  yahooUnknownRecipient: {"calls": [{"kind": "behaviors", "document": [{"command": "DATA", "condition": {"target": "recipients", "operator": "contains", "matchingValue": "nobody@"}, "response": {"code": 554, "message": "delivery error: dd This user doesn't have a yahoo.com account (testing123@yahoo.com) [-5] - mta123.mail.mud.yahoo.com"}}]}], "places": {"recipient": [[0, 0, "condition"]]}},
  gmxBlockList: {"calls": [{"kind": "behaviors", "document": [{"command": "CONNECT", "response": {"code": 554, "message": "gmx.net (mxgmx104) Nemesis ESMTP Service not available\nNo SMTP service\nIP address is block listed.\nFor explanation visit https://postmaster.gmx.net/en/case?c=r0201&i=ip&v={{clientIp}}&r=1MNcgj-1ue23t3pyV-00S2YR", "template": true, "then": "close"}}]}], "places": {}},
  comcastTooManyConnections: {"calls": [{"kind": "behaviors", "document": [{"command": "CONNECT", "per": "clientIp", "skip": 25, "window": "1m", "response": {"code": 421, "message": "Too many sessions opened", "then": "close"}}]}], "places": {"connections": [[0, 0, "skip"]], "window": [[0, 0, "window"]]}},
  comcastNoReverseDns: {"calls": [{"kind": "behaviors", "document": [{"command": "CONNECT", "response": {"code": 421, "message": "Reverse DNS failure : Try again later", "then": "close"}}]}], "places": {}},
};

/** The recipes of the cookbook. */
export abstract class RecipeMethods extends RecipeHost {
  protected override recipes(): Record<string, Recipe> {
    return RECIPES;
  }

  /**
   * Reset right after the connection. The sender gets `Connection reset by peer`. It
   * treats the host as unreachable: it tries the next address or MX, then retries later
   * (§5.1).
   * @param values.times how often each behavior answers
   */
  resetConnections(values: { times?: number } = {}): Promise<void> {
    return this.applyRecipe("resetConnections", values);
  }

  /**
   * Closed before the banner. The connection ends without a banner. The sender treats
   * this as a 451 (§3.8).
   * @param values.times how often each behavior answers
   */
  closeConnections(values: { times?: number } = {}): Promise<void> {
    return this.applyRecipe("closeConnections", values);
  }

  /**
   * Accepted, then silent. The server neither writes nor reads. The sender must time
   * out, after 5 minutes for the banner (§4.5.3.2.1).
   * @param values.times how often each behavior answers
   */
  silentConnections(values: { times?: number } = {}): Promise<void> {
    return this.applyRecipe("silentConnections", values);
  }

  /**
   * The banner is 421. The service is temporarily unavailable. The sender tries the
   * next MX, otherwise it keeps the mail in its queue (§3.8, §4.5.4.1). Haraka defers
   * without trying the next MX, and OpenSMTPD does so while it has an idle connection
   * to this one.
   * @param values.code the reply code; default: 421
   * @param values.message the text; default: "4.3.2 Busy"
   * @param values.times how often each behavior answers
   */
  outage(values: { code?: number; message?: string; times?: number } = {}): Promise<void> {
    return this.applyRecipe("outage", values);
  }

  /**
   * The banner is 554. The host provides no SMTP service. Every command except QUIT
   * then gets 503 (§3.1). A sender should try the next MX, and bounce only when all
   * have refused; only Haraka bounces at once. With one MX, Postfix and OpenSMTPD
   * defer, while Exim, sendmail, Haraka and dma bounce.
   * @param values.code the reply code; default: 554
   * @param values.message the text; default: "No SMTP service here"
   * @param values.times how often each behavior answers
   */
  noService(values: { code?: number; message?: string; times?: number } = {}): Promise<void> {
    return this.applyRecipe("noService", values);
  }

  /**
   * The banner is 521. The host never accepts mail (RFC 7504 §3). A sender tries the
   * next MX, and returns the mail at once if all reply 521. In practice, senders treat
   * 521 as 554.
   * @param values.code the reply code; default: 521
   * @param values.message the text; default: "mx.there.test does not accept mail"
   * @param values.times how often each behavior answers
   */
  noMailHere(values: { code?: number; message?: string; times?: number } = {}): Promise<void> {
    return this.applyRecipe("noMailHere", values);
  }

  /**
   * A banner of several lines. All lines except the last begin with `220-`. A sender
   * must not send EHLO before the last one (§4.2.1).
   * @param values.message the lines; default: "mx.there.test ESMTP\nNo spam\nAll is recorded"
   * @param values.times how often each behavior answers
   */
  longBanner(values: { message?: string; times?: number } = {}): Promise<void> {
    return this.applyRecipe("longBanner", values);
  }

  /**
   * A slow banner on some connections. 30 % of the connections wait 30 seconds; the
   * host's `seed` decides which. A sender must wait 5 minutes (§4.5.3.2.1).
   * @param values.probability the share of connections; default: 0.3
   * @param values.delay the time before the banner; default: "30s"
   * @param values.times how often each behavior answers
   */
  slowBanner(values: { probability?: number; delay?: Duration; times?: number } = {}): Promise<void> {
    return this.applyRecipe("slowBanner", values);
  }

  /**
   * A dripped banner. The banner arrives at one octet per second. The sender must
   * assemble it, and its timeout should cover the whole banner.
   * @param values.interval the time per octet; default: "1s"
   * @param values.times how often each behavior answers
   */
  drippedBanner(values: { interval?: Duration; times?: number } = {}): Promise<void> {
    return this.applyRecipe("drippedBanner", values);
  }

  /**
   * A banner over 512 octets. The banner exceeds the maximum reply line (§4.5.3.1.5). A
   * sender may accept it, or end the session; it must not overflow its buffer, or parse
   * the rest as another reply.
   * @param values.times how often each behavior answers
   */
  oversizedBanner(values: { times?: number } = {}): Promise<void> {
    return this.applyRecipe("oversizedBanner", values);
  }

  /**
   * A non-ASCII banner. The text is Latin-1, which is invalid UTF-8. Only the code
   * matters (§4.2).
   * @param values.times how often each behavior answers
   */
  nonAsciiBanner(values: { times?: number } = {}): Promise<void> {
    return this.applyRecipe("nonAsciiBanner", values);
  }

  /**
   * Junk before the banner. The first line is not a reply. Postfix and sendmail skip it
   * and deliver; Exim and OpenSMTPD try the next MX; Haraka bounces.
   * @param values.times how often each behavior answers
   */
  junkBeforeBanner(values: { times?: number } = {}): Promise<void> {
    return this.applyRecipe("junkBeforeBanner", values);
  }

  /**
   * EHLO is unknown. EHLO gets 502, or 500 from older hosts. The sender must send HELO,
   * and use no extension (§3.2). dma bounces.
   * @param values.code the reply code; default: 502
   * @param values.message the text; default: "5.5.1 What is EHLO?"
   * @param values.times how often each behavior answers
   */
  noEhlo(values: { code?: number; message?: string; times?: number } = {}): Promise<void> {
    return this.applyRecipe("noEhlo", values);
  }

  /**
   * EHLO gets 421. The service shuts down and closes the connection (§3.8). The mail
   * stays in the queue.
   * @param values.code the reply code; default: 421
   * @param values.message the text; default: "4.3.2 Going down"
   * @param values.times how often each behavior answers
   */
  ehloOutage(values: { code?: number; message?: string; times?: number } = {}): Promise<void> {
    return this.applyRecipe("ehloOutage", values);
  }

  /**
   * Reset at EHLO. Some middleboxes reset connections on unknown commands. A sender may
   * reconnect and send HELO; it must not bounce.
   * @param values.times how often each behavior answers
   */
  resetAtEhlo(values: { times?: number } = {}): Promise<void> {
    return this.applyRecipe("resetAtEhlo", values);
  }

  /**
   * No extensions. The EHLO reply contains only the name. The sender must not use
   * parameters of extensions (§4.1.1.1).
   */
  noExtensions(): Promise<void> {
    return this.applyRecipe("noExtensions");
  }

  /**
   * Other extensions under TLS. The sender must discard the EHLO reply that it got in
   * clear (RFC 3207 §4.2).
   * @param values.beforeTls the lines in clear; default: ["PIPELINING", "SIZE 1000"]
   * @param values.underTls the lines under TLS; default: ["8BITMIME", "SIZE 5000000"]
   */
  otherExtensionsUnderTls(values: { beforeTls?: string[]; underTls?: string[] } = {}): Promise<void> {
    return this.applyRecipe("otherExtensionsUnderTls", values);
  }

  /**
   * Unusual keywords. Keywords are case-insensitive (§2.4), and unknown or empty ones
   * must be ignored (§4.1.1.1). Exim does not recognize PIPELINING, SIZE and DSN in
   * lower case.
   * @param values.times how often each behavior answers
   */
  unusualKeywords(values: { times?: number } = {}): Promise<void> {
    return this.applyRecipe("unusualKeywords", values);
  }

  /**
   * STARTTLS temporarily refused. EHLO offers STARTTLS, which gets 454. An
   * opportunistic sender continues in clear, in the same session or another (RFC 3207
   * §4); one that requires TLS retries later. Haraka never delivers.
   * @param values.code the reply code; default: 454
   * @param values.message the text; default: "4.7.0 TLS not available"
   * @param values.times how often each behavior answers
   */
  starttlsDeferred(values: { code?: number; message?: string; times?: number } = {}): Promise<void> {
    return this.applyRecipe("starttlsDeferred", values);
  }

  /**
   * STARTTLS permanently refused. EHLO offers STARTTLS, which gets 502. As above: the
   * mail itself was not refused.
   * @param values.code the reply code; default: 502
   * @param values.message the text; default: "5.5.1 Not implemented"
   * @param values.times how often each behavior answers
   */
  starttlsRejected(values: { code?: number; message?: string; times?: number } = {}): Promise<void> {
    return this.applyRecipe("starttlsRejected", values);
  }

  /**
   * Closed at STARTTLS. The connection closes instead of a reply. The sender
   * reconnects, and delivers in clear only if its policy allows that.
   * @param values.times how often each behavior answers
   */
  closeAtStarttls(values: { times?: number } = {}): Promise<void> {
    return this.applyRecipe("closeAtStarttls", values);
  }

  /**
   * 220 to STARTTLS, then closed. The handshake cannot begin, and the sender cannot
   * continue in clear on this connection. On another one, Exim and OpenSMTPD deliver in
   * clear with the second session and Postfix with the third; sendmail and Haraka never
   * do.
   * @param values.times how often each behavior answers
   */
  closeAfterStarttls(values: { times?: number } = {}): Promise<void> {
    return this.applyRecipe("closeAfterStarttls", values);
  }

  /**
   * 220 to STARTTLS, then garbage, once. The server sends text instead of the
   * handshake, and the sender must not parse it as a reply. The second handshake would
   * succeed: Postfix and sendmail use TLS again, Exim and OpenSMTPD retry in clear.
   * @param values.times how often each behavior answers
   */
  garbageInsteadOfTls(values: { times?: number } = {}): Promise<void> {
    return this.applyRecipe("garbageInsteadOfTls", values);
  }

  /**
   * 220 to STARTTLS, then silence. The server never answers the handshake. A sender
   * needs a timeout for it too.
   * @param values.times how often each behavior answers
   */
  silenceInsteadOfTls(values: { times?: number } = {}): Promise<void> {
    return this.applyRecipe("silenceInsteadOfTls", values);
  }

  /**
   * Only obsolete versions of TLS. TLS 1.0 and 1.1 must not be used (RFC 8996), and
   * many clients fail the handshake with an alert. On Debian 12, Postfix and Exim still
   * deliver with TLS 1.1; OpenSMTPD delivers in clear, sendmail does not deliver.
   * @param values.minVersion the lowest version; default: "TLSv1"
   * @param values.maxVersion the highest version; default: "TLSv1.1"
   */
  obsoleteTls(values: { minVersion?: string; maxVersion?: string } = {}): Promise<void> {
    return this.applyRecipe("obsoleteTls", values);
  }

  /**
   * A self-signed certificate. Opportunistic senders continue; those that verify must
   * not (RFC 8461 §4.2). The same applies to the next three.
   */
  selfSignedCertificate(): Promise<void> {
    return this.applyRecipe("selfSignedCertificate");
  }

  /**
   * An expired certificate.
   */
  expiredCertificate(): Promise<void> {
    return this.applyRecipe("expiredCertificate");
  }

  /**
   * A certificate for another name.
   */
  wrongNameCertificate(): Promise<void> {
    return this.applyRecipe("wrongNameCertificate");
  }

  /**
   * A certificate of an unknown authority.
   */
  untrustedCertificate(): Promise<void> {
    return this.applyRecipe("untrustedCertificate");
  }

  /**
   * A client certificate is required. The handshake fails without one. An opportunistic
   * sender that has none delivers in clear: Exim with the second session, Postfix with
   * the fourth; sendmail never does.
   */
  clientCertificateRequired(): Promise<void> {
    return this.applyRecipe("clientCertificateRequired");
  }

  /**
   * The requested server name (SNI). The session's `tls.sni` contains the name; with
   * MTA-STS and DANE it must be that of the MX (RFC 8461 §7.1, RFC 7672 §8.1).
   */
  starttls(): Promise<void> {
    return this.applyRecipe("starttls");
  }

  /**
   * Plaintext injected after the server's 220. An attacker on the path could inject
   * this. The sender must discard what arrived before the handshake (RFC 3207 §4.2), as
   * Postfix and sendmail do; a sender that keeps it parses it as the reply to its EHLO
   * under TLS. Exim detects it, closes, and delivers **in clear**.
   * @param values.times how often each behavior answers
   */
  injectedAfter220(values: { times?: number } = {}): Promise<void> {
    return this.applyRecipe("injectedAfter220", values);
  }

  /**
   * Plaintext injected after the client's STARTTLS. Needs no behavior. The server
   * discards it, and the transcript marks it: `"injected": true`. A sender must wait
   * for the 220 (RFC 3207 §4).
   */
  injectedByClient(): Promise<void> {
    return this.applyRecipe("injectedByClient");
  }

  /**
   * EHLO refused under TLS. EHLO succeeds in clear and gets 502 under TLS. The sender
   * may send HELO; it must not use the EHLO reply that it got in clear.
   * @param values.code the reply code; default: 502
   * @param values.message the text; default: "5.5.1 Not here"
   * @param values.times how often each behavior answers
   */
  noEhloUnderTls(values: { code?: number; message?: string; times?: number } = {}): Promise<void> {
    return this.applyRecipe("noEhloUnderTls", values);
  }

  /**
   * 421 under TLS. The mail stays in the queue. The sender must not retry without TLS
   * because of this reply.
   * @param values.code the reply code; default: 421
   * @param values.message the text; default: "4.3.2 Too busy"
   * @param values.times how often each behavior answers
   */
  outageUnderTls(values: { code?: number; message?: string; times?: number } = {}): Promise<void> {
    return this.applyRecipe("outageUnderTls", values);
  }

  /**
   * Working mechanisms. The sender uses the strongest mechanism that it supports (RFC
   * 4954 §4). For XOAUTH2 and OAUTHBEARER the token is the password.
   * @param values.mechanisms the mechanisms; default: ["PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2", "OAUTHBEARER"]
   * @param values.users passwords by user; default: {"bob": "s3cret"}
   */
  auth(values: { mechanisms?: string[]; users?: "any" | Record<string, string> } = {}): Promise<void> {
    return this.applyRecipe("auth", values);
  }

  /**
   * A wrong password. Needs no behavior: any other password gets 535. The sender must
   * not retry the same password repeatedly; the mail was not refused (RFC 4954 §6).
   * @param values.users passwords by user; default: {"bob": "s3cret"}
   */
  wrongPassword(values: { users?: "any" | Record<string, string> } = {}): Promise<void> {
    return this.applyRecipe("wrongPassword", values);
  }

  /**
   * An outage, switched on and off. `PUT /scenarios` with `{"outage": "down"}` begins
   * the outage, `{"outage": "Started"}` ends it. After 454 the sender retries later
   * (RFC 4954 §6).
   * @param values.code the reply code; default: 454
   * @param values.message the text; default: "4.7.0 Temporary authentication failure"
   * @param values.times how often each behavior answers
   */
  authOutage(values: { code?: number; message?: string; times?: number } = {}): Promise<void> {
    return this.applyRecipe("authOutage", values);
  }

  /**
   * A password transition is required. 432 asks the client to authenticate with PLAIN
   * once, because the server needs the password to store it for the other mechanisms
   * (RFC 4954 §6).
   * @param values.code the reply code; default: 432
   * @param values.message the text; default: "4.7.12 A password transition is needed"
   * @param values.times how often each behavior answers
   */
  passwordTransition(values: { code?: number; message?: string; times?: number } = {}): Promise<void> {
    return this.applyRecipe("passwordTransition", values);
  }

  /**
   * A mechanism too weak for the user. PLAIN gets 534 (RFC 4954 §6); the sender uses
   * another mechanism, or none.
   * @param values.code the reply code; default: 534
   * @param values.message the text; default: "5.7.9 Mechanism is too weak"
   * @param values.times how often each behavior answers
   */
  weakMechanism(values: { code?: number; message?: string; times?: number } = {}): Promise<void> {
    return this.applyRecipe("weakMechanism", values);
  }

  /**
   * AUTH required. MAIL without authentication gets 530 (RFC 4954 §6).
   * @param values.users passwords by user, or `any`; default: "any"
   */
  authRequired(values: { users?: "any" | Record<string, string> } = {}): Promise<void> {
    return this.applyRecipe("authRequired", values);
  }

  /**
   * AUTH only under TLS. AUTH is not offered in clear, and gets 538 there. A sender
   * must not send its password in clear (RFC 4954 §4).
   */
  authOnlyUnderTls(): Promise<void> {
    return this.applyRecipe("authOnlyUnderTls");
  }

  /**
   * A mechanism that is not offered. Needs no behavior: any other mechanism gets 504.
   * @param values.mechanisms the mechanisms; default: ["PLAIN"]
   */
  oneMechanism(values: { mechanisms?: string[] } = {}): Promise<void> {
    return this.applyRecipe("oneMechanism", values);
  }

  /**
   * A challenge that is not base64. The sender must cancel the exchange with `*`, and
   * gets 501 (RFC 4954 §4).
   * @param values.times how often each behavior answers
   */
  malformedChallenge(values: { times?: number } = {}): Promise<void> {
    return this.applyRecipe("malformedChallenge", values);
  }

  /**
   * Closed during the exchange. The connection closes after the challenge. Neither the
   * password nor the mail was refused.
   * @param values.times how often each behavior answers
   */
  closeDuringAuth(values: { times?: number } = {}): Promise<void> {
    return this.applyRecipe("closeDuringAuth", values);
  }

  /**
   * A sender temporarily refused. After a 4yz the sender retries later (§4.2.1,
   * §4.5.4.1).
   * @param values.code the reply code; default: 451
   * @param values.message the text; default: "4.1.8 Can't look up your domain"
   * @param values.times how often each behavior answers
   */
  senderDeferred(values: { code?: number; message?: string; times?: number } = {}): Promise<void> {
    return this.applyRecipe("senderDeferred", values);
  }

  /**
   * A sender permanently refused. After a 5yz the sender does not retry, and returns
   * the mail (§4.2.1).
   * @param values.domain end of the sender's address; default: "@spam.test"
   * @param values.code the reply code; default: 550
   * @param values.message the text; default: "5.7.1 We do not take your mail"
   * @param values.times how often each behavior answers
   */
  senderRejected(values: { domain?: string; code?: number; message?: string; times?: number } = {}): Promise<void> {
    return this.applyRecipe("senderRejected", values);
  }

  /**
   * Reset at RCPT. The sender treats this as a 451 (§3.8), and retries later.
   * @param values.times how often each behavior answers
   */
  resetAtRcpt(values: { times?: number } = {}): Promise<void> {
    return this.applyRecipe("resetAtRcpt", values);
  }

  /**
   * Refused by a parameter of MAIL. Mail with 8-bit content is refused. A sender may
   * encode it and retry (RFC 6152 §3).
   * @param values.code the reply code; default: 554
   * @param values.message the text; default: "5.6.3 Conversion required"
   * @param values.times how often each behavior answers
   */
  eightBitRefused(values: { code?: number; message?: string; times?: number } = {}): Promise<void> {
    return this.applyRecipe("eightBitRefused", values);
  }

  /**
   * The null sender refused. Some hosts refuse it, which breaks bounces (§4.5.5
   * requires that it is accepted). A sender must not bounce a bounce that it cannot
   * deliver (§6.1).
   * @param values.code the reply code; default: 550
   * @param values.message the text; default: "5.7.1 No bounces"
   * @param values.times how often each behavior answers
   */
  nullSenderRefused(values: { code?: number; message?: string; times?: number } = {}): Promise<void> {
    return this.applyRecipe("nullSenderRefused", values);
  }

  /**
   * A full mailbox, and an oversized mail. The sender retries after 452 for one
   * recipient, but not after 552 to the content.
   * @param values.recipient text that the recipient contains; null for all recipients; default: "full@"
   * @param values.code the reply code; default: 452
   * @param values.message the text; default: "4.2.2 Mailbox full"
   * @param values.size octets of the content from which it applies; default: "1000000"
   * @param values.times how often each behavior answers
   */
  fullMailbox(values: { recipient?: string | null; code?: number; message?: string; size?: number | string; times?: number } = {}): Promise<void> {
    return this.applyRecipe("fullMailbox", values);
  }

  /**
   * Recipients with different replies. One recipient gets the mail, one is retried, one
   * is returned (§3.3, §4.5.4.1). No recipient gets two copies.
   * @param values.times how often each behavior answers
   */
  differentReplies(values: { times?: number } = {}): Promise<void> {
    return this.applyRecipe("differentReplies", values);
  }

  /**
   * All recipients refused. A sender that pipelines has already sent DATA, which gets
   * 554 (RFC 2920 §3.1). It sends no content, and one bounce.
   * @param values.code the reply code; default: 550
   * @param values.message the text; default: "5.1.1 Unknown"
   * @param values.times how often each behavior answers
   */
  unknownRecipients(values: { code?: number; message?: string; times?: number } = {}): Promise<void> {
    return this.applyRecipe("unknownRecipients", values);
  }

  /**
   * Too many recipients. The 101st recipient and all after it get 452. The sender
   * delivers to the first 100, and to the others in another transaction, at once or
   * later (§4.5.3.1.10).
   * @param values.accepted accepted recipients; default: 100
   * @param values.code the reply code; default: 452
   * @param values.message the text; default: "4.5.3 Too many recipients"
   * @param values.times how often each behavior answers
   */
  tooManyRecipients(values: { accepted?: number; code?: number; message?: string; times?: number } = {}): Promise<void> {
    return this.applyRecipe("tooManyRecipients", values);
  }

  /**
   * Moved, with and without forwarding. 251 accepts the mail and contains the new
   * address; 551 refuses it and contains the new address (§3.4). The sender may ignore
   * the address: it continues after 251 and bounces after 551.
   * @param values.times how often each behavior answers
   */
  movedRecipients(values: { times?: number } = {}): Promise<void> {
    return this.applyRecipe("movedRecipients", values);
  }

  /**
   * 421 and closed after 10 mails. The sender opens a new connection for the next mail
   * (§3.8).
   * @param values.mails mails per connection; default: 10
   * @param values.code the reply code; default: 421
   * @param values.message the text; default: "4.7.0 Too many messages"
   * @param values.times how often each behavior answers
   */
  closeAfterMails(values: { mails?: number; code?: number; message?: string; times?: number } = {}): Promise<void> {
    return this.applyRecipe("closeAfterMails", values);
  }

  /**
   * 421 without closing. The server replies 421 but does not close. A sender must
   * neither continue nor wait (§3.8).
   * @param values.code the reply code; default: 421
   * @param values.message the text; default: "4.3.2 Closing"
   * @param values.times how often each behavior answers
   */
  stayOpenAfter421(values: { code?: number; message?: string; times?: number } = {}): Promise<void> {
    return this.applyRecipe("stayOpenAfter421", values);
  }

  /**
   * The second mail of a connection refused. Only the second mail is retried; the first
   * was accepted.
   * @param values.code the reply code; default: 451
   * @param values.message the text; default: "4.7.0 One mail at a time"
   * @param values.times how often each behavior answers
   */
  secondMailRefused(values: { code?: number; message?: string; times?: number } = {}): Promise<void> {
    return this.applyRecipe("secondMailRefused", values);
  }

  /**
   * RSET refused. A sender that cannot be sure that the transaction has ended must open
   * a new connection.
   * @param values.code the reply code; default: 451
   * @param values.message the text; default: "4.3.0 Not now"
   * @param values.times how often each behavior answers
   */
  rsetRefused(values: { code?: number; message?: string; times?: number } = {}): Promise<void> {
    return this.applyRecipe("rsetRefused", values);
  }

  /**
   * DATA temporarily refused. DATA gets 451 instead of 354. The transaction ends, and
   * no content follows (§4.1.1.4). BDAT is also refused, for senders that use it, such
   * as Exim; its chunk has already been sent.
   * @param values.code the reply code; default: 451
   * @param values.message the text; default: "4.3.0 Disk full"
   * @param values.times how often each behavior answers
   */
  dataDeferred(values: { code?: number; message?: string; times?: number } = {}): Promise<void> {
    return this.applyRecipe("dataDeferred", values);
  }

  /**
   * DATA permanently refused. The sender returns the mail for all recipients. BDAT is
   * also refused, as above.
   * @param values.code the reply code; default: 554
   * @param values.message the text; default: "5.7.1 No content"
   * @param values.times how often each behavior answers
   */
  dataRejected(values: { code?: number; message?: string; times?: number } = {}): Promise<void> {
    return this.applyRecipe("dataRejected", values);
  }

  /**
   * DATA gets 250. Without a 354 the content must not be sent (§4.3.2). Postfix and
   * sendmail bounce. CHUNKING is not offered, because 250 is the correct reply to BDAT.
   * @param values.times how often each behavior answers
   */
  dataGets250(values: { times?: number } = {}): Promise<void> {
    return this.applyRecipe("dataGets250", values);
  }

  /**
   * A reply during the content. The server replies 552 after 64 KiB of content, and not
   * after its end. A sender may stop and close, or send the content to its end.
   * @param values.size octets of the content from which it applies; default: "65536"
   * @param values.code the reply code; default: 552
   * @param values.message the text; default: "5.3.4 Enough"
   * @param values.times how often each behavior answers
   */
  replyDuringContent(values: { size?: number | string; code?: number; message?: string; times?: number } = {}): Promise<void> {
    return this.applyRecipe("replyDuringContent", values);
  }

  /**
   * Closed during the content. The server keeps nothing; the sender retries later
   * (§4.5.3.2.5).
   * @param values.size octets of the content from which it applies; default: "65536"
   * @param values.times how often each behavior answers
   */
  closeDuringContent(values: { size?: number | string; times?: number } = {}): Promise<void> {
    return this.applyRecipe("closeDuringContent", values);
  }

  /**
   * Content no longer read. The sender's buffers fill, and its write blocks. It must
   * time out after 3 minutes (§4.5.3.2.5).
   * @param values.size octets of the content from which it applies; default: "65536"
   * @param values.times how often each behavior answers
   */
  stopReadingContent(values: { size?: number | string; times?: number } = {}): Promise<void> {
    return this.applyRecipe("stopReadingContent", values);
  }

  /**
   * Refused by content, permanently and temporarily. After the content, 554 makes the
   * sender return the mail, 451 makes it retry (§4.2.1).
   * @param values.virus text that is rejected; default: "EICAR"
   * @param values.spam text that is deferred; default: "viagra"
   * @param values.times how often each behavior answers
   */
  contentRefused(values: { virus?: string; spam?: string; times?: number } = {}): Promise<void> {
    return this.applyRecipe("contentRefused", values);
  }

  /**
   * Refused by a header field, without authentication. The template inserts the header
   * field into the reply; control characters become spaces.
   * @param values.times how often each behavior answers
   */
  headerRefused(values: { times?: number } = {}): Promise<void> {
    return this.applyRecipe("headerRefused", values);
  }

  /**
   * DATA accepted without a valid recipient. A server may reply 354 although it refused
   * all recipients. A sender that has pipelined must send only the dot, and gets 554
   * (RFC 2920 §3.1).
   * @param values.times how often each behavior answers
   */
  dataWithoutRecipient(values: { times?: number } = {}): Promise<void> {
    return this.applyRecipe("dataWithoutRecipient", values);
  }

  /**
   * Kept, then reset, once. The server has the mail, but the sender does not know. It
   * must retry, which gives two copies with one Message-ID.
   * @param values.times how often each behavior answers
   */
  keepThenReset(values: { times?: number } = {}): Promise<void> {
    return this.applyRecipe("keepThenReset", values);
  }

  /**
   * Kept, then closed. The same with an orderly close. dma loops on the closed socket;
   * all others deliver again.
   * @param values.times how often each behavior answers
   */
  keepThenClose(values: { times?: number } = {}): Promise<void> {
    return this.applyRecipe("keepThenClose", values);
  }

  /**
   * Kept, then silent. The same, after the sender's timeout.
   * @param values.times how often each behavior answers
   */
  keepThenHang(values: { times?: number } = {}): Promise<void> {
    return this.applyRecipe("keepThenHang", values);
  }

  /**
   * Kept, then a late 250. The reply takes 9 minutes; a sender must wait 10
   * (§4.5.3.2.6).
   * @param values.delay the time before the reply; default: "9m"
   * @param values.times how often each behavior answers
   */
  keepThenReplyLate(values: { delay?: Duration; times?: number } = {}): Promise<void> {
    return this.applyRecipe("keepThenReplyLate", values);
  }

  /**
   * 250, but lost. The sender cannot detect this. Use it to test delivery monitoring.
   * @param values.text text that the content contains; null for all mails; default: "X-Drop: yes"
   * @param values.times how often each behavior answers
   */
  acceptAndLose(values: { text?: string; times?: number } = {}): Promise<void> {
    return this.applyRecipe("acceptAndLose", values);
  }

  /**
   * An error, but kept. Each attempt creates another copy.
   * @param values.code the reply code; default: 451
   * @param values.message the text; default: "4.4.2 Timeout"
   * @param values.times how often each behavior answers
   */
  keepAndRefuse(values: { code?: number; message?: string; times?: number } = {}): Promise<void> {
    return this.applyRecipe("keepAndRefuse", values);
  }

  /**
   * 250, then closed before QUIT. The mail is delivered; the sender must not send it
   * again.
   * @param values.times how often each behavior answers
   */
  closeAfter250(values: { times?: number } = {}): Promise<void> {
    return this.applyRecipe("closeAfter250", values);
  }

  /**
   * An empty line, two digits, no text, LF, NUL. The replies are sent in turn. `250`
   * alone, and a line that ends with LF, should be accepted (§4.2); Postfix, Exim and
   * sendmail also parse the reply with NUL as 250.
   * @param values.times how often each behavior answers
   */
  malformedReplies(values: { times?: number } = {}): Promise<void> {
    return this.applyRecipe("malformedReplies", values);
  }

  /**
   * The code changes within a reply. All lines must have the same code (§4.2.1). The
   * code of the last line should be used, with caution.
   * @param values.times how often each behavior answers
   */
  changingCode(values: { times?: number } = {}): Promise<void> {
    return this.applyRecipe("changingCode", values);
  }

  /**
   * A reply without its last line. The sender waits for another line, and needs a
   * timeout. With `"close"` instead of `"hang"` the connection closes.
   * @param values.times how often each behavior answers
   */
  unfinishedReply(values: { times?: number } = {}): Promise<void> {
    return this.applyRecipe("unfinishedReply", values);
  }

  /**
   * A reply that never ends. Another line arrives every minute, so a timeout per line
   * never expires.
   * @param values.times how often each behavior answers
   */
  endlessReply(values: { times?: number } = {}): Promise<void> {
    return this.applyRecipe("endlessReply", values);
  }

  /**
   * A reply over 2 KB. The reply is one line; the maximum is 512 octets (§4.5.3.1.5).
   * @param values.times how often each behavior answers
   */
  oversizedReply(values: { times?: number } = {}): Promise<void> {
    return this.applyRecipe("oversizedReply", values);
  }

  /**
   * Meaningless codes. 850 and 199 are not reply codes, and 354 is not valid here
   * (§4.2.1, §4.3.2). Of an unexpected 5yz or 4yz, the first digit decides. To 850,
   * Postfix, sendmail and Haraka bounce; Exim, OpenSMTPD and dma defer. To 199 and 354,
   * Postfix and sendmail bounce, Exim defers.
   * @param values.times how often each behavior answers
   */
  meaninglessCodes(values: { times?: number } = {}): Promise<void> {
    return this.applyRecipe("meaninglessCodes", values);
  }

  /**
   * A contradictory enhanced code. The first digit of the reply code decides (RFC 2034
   * §4 requires that both agree).
   * @param values.times how often each behavior answers
   */
  contradictoryCodes(values: { times?: number } = {}): Promise<void> {
    return this.applyRecipe("contradictoryCodes", values);
  }

  /**
   * One extra reply. A sender that does not notice it then assigns each reply to the
   * previous command, as Exim does. Postfix and sendmail bounce.
   * @param values.times how often each behavior answers
   */
  extraReply(values: { times?: number } = {}): Promise<void> {
    return this.applyRecipe("extraReply", values);
  }

  /**
   * A reply sent octet by octet. A sender must not parse a packet as a line.
   * @param values.interval the time per octet; default: "1ms"
   * @param values.times how often each behavior answers
   */
  octetByOctet(values: { interval?: Duration; times?: number } = {}): Promise<void> {
    return this.applyRecipe("octetByOctet", values);
  }

  /**
   * Two replies in one packet. The reply to MAIL is sent together with the reply to
   * RCPT. A sender that pipelines gets both (RFC 2920 §3.1); others wait until their
   * timeout.
   * @param values.times how often each behavior answers
   */
  twoRepliesAtOnce(values: { times?: number } = {}): Promise<void> {
    return this.applyRecipe("twoRepliesAtOnce", values);
  }

  /**
   * Without PIPELINING. A sender must wait for each reply (RFC 2920 §3.1). The
   * transcript marks one that does not: `"pipelined": true`.
   */
  noPipelining(): Promise<void> {
    return this.applyRecipe("noPipelining");
  }

  /**
   * BDAT out of order. BDAT gets 503. The transaction ends, and pipelined chunks are
   * refused (RFC 3030 §2).
   * @param values.code the reply code; default: 503
   * @param values.message the text; default: "5.5.1 Not now"
   * @param values.times how often each behavior answers
   */
  bdatRefused(values: { code?: number; message?: string; times?: number } = {}): Promise<void> {
    return this.applyRecipe("bdatRefused", values);
  }

  /**
   * The second chunk refused. The second chunk of a mail is refused. Further chunks get
   * 503.
   * @param values.code the reply code; default: 452
   * @param values.message the text; default: "4.3.1 Disk full"
   * @param values.times how often each behavior answers
   */
  secondChunkRefused(values: { code?: number; message?: string; times?: number } = {}): Promise<void> {
    return this.applyRecipe("secondChunkRefused", values);
  }

  /**
   * Closed during a chunk. `DATA CONTENT` also applies to chunks. With a `code` instead
   * of `then`, the reply is sent during the chunk, and its rest is discarded.
   * @param values.size octets of the content from which it applies; default: "1000"
   * @param values.times how often each behavior answers
   */
  closeDuringChunk(values: { size?: number | string; times?: number } = {}): Promise<void> {
    return this.applyRecipe("closeDuringChunk", values);
  }

  /**
   * Without CHUNKING. The sender uses DATA; BDAT gets 502.
   */
  noChunking(): Promise<void> {
    return this.applyRecipe("noChunking");
  }

  /**
   * A small size limit. EHLO advertises the limit, and MAIL with a larger `SIZE=` gets
   * 552: no content is sent (RFC 1870 §6).
   * @param values.size octets; default: 1000
   */
  sizeLimit(values: { size?: number } = {}): Promise<void> {
    return this.applyRecipe("sizeLimit", values);
  }

  /**
   * A false size limit. EHLO advertises 10 MB, but content over 1 KB gets 552. The
   * sender returns the mail.
   * @param values.size octets of the content from which it applies; default: "1000"
   * @param values.code the reply code; default: 552
   * @param values.message the text; default: "5.3.4 Too big"
   * @param values.times how often each behavior answers
   */
  falseSizeLimit(values: { size?: number | string; code?: number; message?: string; times?: number } = {}): Promise<void> {
    return this.applyRecipe("falseSizeLimit", values);
  }

  /**
   * Without 8BITMIME and SMTPUTF8. 8-bit content must be encoded or returned (RFC 6152
   * §3), and a mail with a UTF-8 address returned (RFC 6531 §3.2). Postfix and sendmail
   * encode the content; Exim and OpenSMTPD send it as it is. Postfix returns the mail
   * with a UTF-8 address; Exim rewrites the local part to `xn--…` and delivers.
   */
  sevenBit(): Promise<void> {
    return this.applyRecipe("sevenBit");
  }

  /**
   * DSN. The parameters are kept as sent, including xtext (RFC 3461 §4).
   */
  dsn(): Promise<void> {
    return this.applyRecipe("dsn");
  }

  /**
   * Rare extensions. REQUIRETLS (RFC 8689), MT-PRIORITY (RFC 6710), FUTURERELEASE (RFC
   * 4865), DELIVERBY (RFC 2852): the parameters are kept with the mail.
   * @param values.capabilities the lines of the EHLO reply; default: ["REQUIRETLS", "MT-PRIORITY MIXER", "DELIVERBY 240", "FUTURERELEASE 86400 2030-01-01T00:00:00Z"]
   */
  rareExtensions(values: { capabilities?: string[] } = {}): Promise<void> {
    return this.applyRecipe("rareExtensions", values);
  }

  /**
   * Greylisting. Each triplet of client, sender and recipient gets 450 for 5 minutes,
   * and is then accepted for a day (RFC 6647 §2).
   * @param values.activeFor how long each triplet is refused; default: "5m"
   * @param values.window how long a triplet is remembered; default: "24h"
   * @param values.code the reply code; default: 450
   * @param values.message the text; default: "4.2.0 Greylisted"
   * @param values.times how often each behavior answers
   */
  greylist(values: { activeFor?: Duration; window?: Duration; code?: number; message?: string; times?: number } = {}): Promise<void> {
    return this.applyRecipe("greylist", values);
  }

  /**
   * 450, 450, 451, then success. Each recipient has its own count.
   * @param values.times how often each behavior answers
   */
  busyThenSuccess(values: { times?: number } = {}): Promise<void> {
    return this.applyRecipe("busyThenSuccess", values);
  }

  /**
   * Failing until the sender gives up. After several days the sender must return the
   * mail (§4.5.4.1).
   * @param values.recipient text that the recipient contains; null for all recipients; default: "never@"
   * @param values.code the reply code; default: 451
   * @param values.message the text; default: "4.3.0 Not today"
   * @param values.times how often each behavior answers
   */
  alwaysDeferred(values: { recipient?: string | null; code?: number; message?: string; times?: number } = {}): Promise<void> {
    return this.applyRecipe("alwaysDeferred", values);
  }

  /**
   * One connection at a time. Further connections get 421. A sender must continue with
   * one connection.
   * @param values.connections open connections; default: 1
   */
  connectionLimit(values: { connections?: number } = {}): Promise<void> {
    return this.applyRecipe("connectionLimit", values);
  }

  /**
   * Two mails on each connection. As 421 and closed after 10 mails, but as a limit of
   * the host.
   * @param values.mails mails per connection; default: 2
   */
  mailsPerConnection(values: { mails?: number } = {}): Promise<void> {
    return this.applyRecipe("mailsPerConnection", values);
  }

  /**
   * 100 mails per minute. The limit applies per client. The sender slows down, or
   * retries later.
   * @param values.mails mails per client and window; default: 100
   * @param values.window the time; default: "1m"
   * @param values.code the reply code; default: 450
   * @param values.message the text; default: "4.7.1 Rate limited"
   * @param values.times how often each behavior answers
   */
  rateLimit(values: { mails?: number; window?: Duration; code?: number; message?: string; times?: number } = {}): Promise<void> {
    return this.applyRecipe("rateLimit", values);
  }

  /**
   * Counts per client. `GET /smtpBehaviors/first-two` returns how often each client was
   * refused, in `keys`.
   * @param values.mails refused mails per client; default: 2
   * @param values.code the reply code; default: 450
   * @param values.message the text; default: "4.7.1 Come again"
   * @param values.times how often each behavior answers
   */
  firstMailsRefused(values: { mails?: number; code?: number; message?: string; times?: number } = {}): Promise<void> {
    return this.applyRecipe("firstMailsRefused", values);
  }

  /**
   * Several mails on a connection. Needs no document. The target `messageCount` is the
   * number of mails of the connection. This behavior refuses the third mail and all
   * after it:
   * @param values.mails accepted mails; default: "2"
   * @param values.code the reply code; default: 450
   * @param values.message the text; default: "4.7.0 Come on another connection"
   * @param values.times how often each behavior answers
   */
  thirdMailRefused(values: { mails?: number | string; code?: number; message?: string; times?: number } = {}): Promise<void> {
    return this.applyRecipe("thirdMailRefused", values);
  }

  /**
   * Closed while the connection is idle. A sender that keeps connections open must
   * deliver the mail on a new one, without deferring it.
   * @param values.time the time without a command; default: "10s"
   */
  idleTime(values: { time?: Duration } = {}): Promise<void> {
    return this.applyRecipe("idleTime", values);
  }

  /**
   * Closed a while after each mail. The server closes 2 seconds after the 250, without
   * a 421.
   * @param values.delay the time after the reply; default: "2s"
   * @param values.times how often each behavior answers
   */
  closeLater(values: { delay?: Duration; times?: number } = {}): Promise<void> {
    return this.applyRecipe("closeLater", values);
  }

  /**
   * Delays at every stage. Each reply arrives shortly before the minimum timeout of a
   * sender (§4.5.3.2). `DATA COMMAND` is for senders that use DATA; `DATA` also decides
   * the reply to `BDAT … LAST`.
   * @param values.times how often each behavior answers
   */
  delaysEverywhere(values: { times?: number } = {}): Promise<void> {
    return this.applyRecipe("delaysEverywhere", values);
  }

  /**
   * A tarpit. Replies to the clients of a network are delayed and dripped.
   * @param values.network the clients' network; default: "127.0.0.0/8"
   * @param values.median milliseconds; default: 200
   * @param values.maxValue milliseconds at most; default: 900
   * @param values.interval the time per octet; default: "20ms"
   * @param values.times how often each behavior answers
   */
  tarpit(values: { network?: string; median?: number; maxValue?: number; interval?: Duration; times?: number } = {}): Promise<void> {
    return this.applyRecipe("tarpit", values);
  }

  /**
   * Gmail: server busy. Temporary: the sender tries the next MX, or retries later.
   * @param values.times how often each behavior answers
   */
  gmailBusy(values: { times?: number } = {}): Promise<void> {
    return this.applyRecipe("gmailBusy", values);
  }

  /**
   * Gmail: rate limit for a client. The client has sent more than 100 mails within an
   * hour. The sender slows down; more connections do not help.
   * @param values.mails mails that are accepted within the window; default: 100
   * @param values.window the time; default: "1h"
   * @param values.times how often each behavior answers
   */
  gmailRateLimit(values: { mails?: number; window?: Duration; times?: number } = {}): Promise<void> {
    return this.applyRecipe("gmailRateLimit", values);
  }

  /**
   * Gmail: connection expired. The connection has carried 10 mails. The sender opens
   * another for the next one, without deferring it.
   * @param values.mails mails per connection; default: 10
   * @param values.times how often each behavior answers
   */
  gmailConnectionExpired(values: { mails?: number; times?: number } = {}): Promise<void> {
    return this.applyRecipe("gmailConnectionExpired", values);
  }

  /**
   * Gmail: rate limit for a recipient. A recipient gets more than 10 mails within a
   * minute. Other recipients are accepted.
   * @param values.mails mails that are accepted within the window; default: 10
   * @param values.window the time; default: "1m"
   * @param values.times how often each behavior answers
   */
  gmailRecipientRateLimit(values: { mails?: number; window?: Duration; times?: number } = {}): Promise<void> {
    return this.applyRecipe("gmailRecipientRateLimit", values);
  }

  /**
   * Gmail: full mailbox. Temporary. (An inbox that is full and inactive gets `552
   * 5.2.2`.)
   * @param values.recipient text that the recipient contains; null for all recipients; default: "full@"
   * @param values.times how often each behavior answers
   */
  gmailFullMailbox(values: { recipient?: string | null; times?: number } = {}): Promise<void> {
    return this.applyRecipe("gmailFullMailbox", values);
  }

  /**
   * Gmail: unknown recipient. Permanent: the sender returns the mail, and does not
   * retry.
   * @param values.recipient text that the recipient contains; null for all recipients; default: "nobody@"
   * @param values.times how often each behavior answers
   */
  gmailUnknownRecipient(values: { recipient?: string | null; times?: number } = {}): Promise<void> {
    return this.applyRecipe("gmailUnknownRecipient", values);
  }

  /**
   * Gmail: too many recipients. The 101st recipient and all after it get 452; the
   * sender delivers to them in another transaction (§4.5.3.1.10).
   * @param values.accepted accepted recipients; default: 100
   * @param values.times how often each behavior answers
   */
  gmailTooManyRecipients(values: { accepted?: number; times?: number } = {}): Promise<void> {
    return this.applyRecipe("gmailTooManyRecipients", values);
  }

  /**
   * Gmail: TLS required. The recipient's domain accepts no mail in clear.
   * @param values.times how often each behavior answers
   */
  gmailTlsRequired(values: { times?: number } = {}): Promise<void> {
    return this.applyRecipe("gmailTlsRequired", values);
  }

  /**
   * Gmail: no DKIM. A mail without a signature is returned.
   * @param values.times how often each behavior answers
   */
  gmailNoDkim(values: { times?: number } = {}): Promise<void> {
    return this.applyRecipe("gmailNoDkim", values);
  }

  /**
   * Gmail: From not aligned. The page lists 421 with the enhanced code 5.7.32. The
   * first digit of the reply code decides, see A contradictory enhanced code: the
   * sender retries.
   * @param values.times how often each behavior answers
   */
  gmailNotAligned(values: { times?: number } = {}): Promise<void> {
    return this.applyRecipe("gmailNotAligned", values);
  }

  /**
   * Gmail: low reputation. Permanent, by the reputation of the sending domain.
   * @param values.times how often each behavior answers
   */
  gmailLowReputation(values: { times?: number } = {}): Promise<void> {
    return this.applyRecipe("gmailLowReputation", values);
  }

  /**
   * Gmail: no Message-ID. Permanent, for a mail whose header has no Message-ID.
   * @param values.times how often each behavior answers
   */
  gmailNoMessageId(values: { times?: number } = {}): Promise<void> {
    return this.applyRecipe("gmailNoMessageId", values);
  }

  /**
   * Outlook.com: rate limit for a client. The client has sent more than 100 mails
   * within an hour.
   * @param values.mails mails that are accepted within the window; default: 100
   * @param values.window the time; default: "1h"
   * @param values.times how often each behavior answers
   */
  outlookRateLimit(values: { mails?: number; window?: Duration; times?: number } = {}): Promise<void> {
    return this.applyRecipe("outlookRateLimit", values);
  }

  /**
   * Outlook.com: rate limit for a connection. The connection has carried 10 mails. The
   * sender opens another.
   * @param values.mails mails per connection; default: 10
   * @param values.times how often each behavior answers
   */
  outlookConnectionRateLimit(values: { mails?: number; times?: number } = {}): Promise<void> {
    return this.applyRecipe("outlookConnectionRateLimit", values);
  }

  /**
   * Outlook.com: too many connections. The client has opened more than 10 connections
   * within a minute. The sender continues with fewer.
   * @param values.connections connections within the window; default: 10
   * @param values.window the time; default: "1m"
   * @param values.times how often each behavior answers
   */
  outlookTooManyConnections(values: { connections?: number; window?: Duration; times?: number } = {}): Promise<void> {
    return this.applyRecipe("outlookTooManyConnections", values);
  }

  /**
   * Outlook.com: not authenticated. Permanent, for domains that send over 5,000 mails
   * per day without SPF, DKIM and DMARC.
   * @param values.times how often each behavior answers
   */
  outlookNotAuthenticated(values: { times?: number } = {}): Promise<void> {
    return this.applyRecipe("outlookNotAuthenticated", values);
  }

  /**
   * Outlook.com: blocked. Permanent, by content or reputation.
   * @param values.times how often each behavior answers
   */
  outlookBlocked(values: { times?: number } = {}): Promise<void> {
    return this.applyRecipe("outlookBlocked", values);
  }

  /**
   * Outlook.com: unknown recipient. Permanent, for recipients at hotmail.com and
   * outlook.com.
   * @param values.recipient text that the recipient contains; null for all recipients; default: "nobody@"
   * @param values.times how often each behavior answers
   */
  outlookUnknownRecipient(values: { recipient?: string | null; times?: number } = {}): Promise<void> {
    return this.applyRecipe("outlookUnknownRecipient", values);
  }

  /**
   * Microsoft 365: greylisting of a client. Microsoft calls it IP throttling, a kind of
   * greylisting: a client whose volume changes is deferred, here for 10 minutes.
   * @param values.activeFor how long each client is refused; default: "10m"
   * @param values.window how long a client is remembered; default: "24h"
   * @param values.times how often each behavior answers
   */
  microsoft365Greylist(values: { activeFor?: Duration; window?: Duration; times?: number } = {}): Promise<void> {
    return this.applyRecipe("microsoft365Greylist", values);
  }

  /**
   * Microsoft 365: rate limit for a recipient. A recipient gets more than 10 mails
   * within a minute. 432 is not a code of RFC 5321; its first digit decides (§4.2.1).
   * @param values.mails mails that are accepted within the window; default: 10
   * @param values.window the time; default: "1m"
   * @param values.times how often each behavior answers
   */
  microsoft365RecipientRateLimit(values: { mails?: number; window?: Duration; times?: number } = {}): Promise<void> {
    return this.applyRecipe("microsoft365RecipientRateLimit", values);
  }

  /**
   * Microsoft 365: blocked client. Permanent. The enhanced code is one of 5.7.606 to
   * 5.7.649.
   * @param values.times how often each behavior answers
   */
  microsoft365Blocked(values: { times?: number } = {}): Promise<void> {
    return this.applyRecipe("microsoft365Blocked", values);
  }

  /**
   * Microsoft 365: relay denied. Permanent: the server does not accept mail for the
   * recipient's domain.
   * @param values.recipient text that the recipient contains; null for all recipients; default: "@else.test"
   * @param values.times how often each behavior answers
   */
  microsoft365RelayDenied(values: { recipient?: string | null; times?: number } = {}): Promise<void> {
    return this.applyRecipe("microsoft365RelayDenied", values);
  }

  /**
   * Yahoo: deferred. The client is refused for an hour.
   * @param values.activeFor how long each client is refused; default: "1h"
   * @param values.times how often each behavior answers
   */
  yahooDeferred(values: { activeFor?: Duration; times?: number } = {}): Promise<void> {
    return this.applyRecipe("yahooDeferred", values);
  }

  /**
   * Yahoo: deferred for good. The code is temporary, the text is not. The sender
   * retries until it gives up.
   * @param values.times how often each behavior answers
   */
  yahooDeferredForGood(values: { times?: number } = {}): Promise<void> {
    return this.applyRecipe("yahooDeferredForGood", values);
  }

  /**
   * Yahoo: unknown recipient. Permanent, and after the content, as the example says:
   * `failed after I sent the message`.
   * @param values.recipient text that the recipient contains; null for all recipients; default: "nobody@"
   * @param values.times how often each behavior answers
   */
  yahooUnknownRecipient(values: { recipient?: string | null; times?: number } = {}): Promise<void> {
    return this.applyRecipe("yahooUnknownRecipient", values);
  }

  /**
   * GMX: on a block list. Permanent. The last line contains the address of an
   * explanation.
   * @param values.times how often each behavior answers
   */
  gmxBlockList(values: { times?: number } = {}): Promise<void> {
    return this.applyRecipe("gmxBlockList", values);
  }

  /**
   * Comcast: too many connections. The page allows 25 simultaneous connections; here
   * the 26th within a minute is refused.
   * @param values.connections connections within the window; default: 25
   * @param values.window the time; default: "1m"
   * @param values.times how often each behavior answers
   */
  comcastTooManyConnections(values: { connections?: number; window?: Duration; times?: number } = {}): Promise<void> {
    return this.applyRecipe("comcastTooManyConnections", values);
  }

  /**
   * Comcast: no reverse DNS. Temporary: `can be retried`, says the page.
   * @param values.times how often each behavior answers
   */
  comcastNoReverseDns(values: { times?: number } = {}): Promise<void> {
    return this.applyRecipe("comcastNoReverseDns", values);
  }
}
