// Code generated from docs/cookbook.md and docs/providers.md by tools/kit-recipes (make kits). DO NOT EDIT.

package mocksmtptest

const recipesJSON = `{
"resetConnections": {"calls": [{"kind": "behaviors", "document": [{"command": "CONNECT", "response": {"then": "reset"}}]}], "places": {}},
"closeConnections": {"calls": [{"kind": "behaviors", "document": [{"command": "CONNECT", "response": {"then": "close"}}]}], "places": {}},
"silentConnections": {"calls": [{"kind": "behaviors", "document": [{"command": "CONNECT", "response": {"then": "hang"}}]}], "places": {}},
"outage": {"calls": [{"kind": "behaviors", "document": [{"command": "CONNECT", "response": {"code": 421, "message": "4.3.2 Busy", "then": "close"}}]}], "places": {"code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]]}},
"noService": {"calls": [{"kind": "behaviors", "document": [{"command": "CONNECT", "response": {"code": 554, "message": "No SMTP service here"}}]}], "places": {"code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]]}},
"noMailHere": {"calls": [{"kind": "behaviors", "document": [{"command": "CONNECT", "response": {"code": 521, "message": "mx.there.test does not accept mail"}}]}], "places": {"code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]]}},
"longBanner": {"calls": [{"kind": "behaviors", "document": [{"command": "CONNECT", "response": {"code": 220, "message": "mx.there.test ESMTP\nNo spam\nAll is recorded"}}]}], "places": {"message": [[0, 0, "response", "message"]]}},
"slowBanner": {"calls": [{"kind": "behaviors", "document": [{"command": "CONNECT", "probability": 0.3, "response": {"delay": "30s"}}]}], "places": {"probability": [[0, 0, "probability"]], "delay": [[0, 0, "response", "delay"]]}},
"drippedBanner": {"calls": [{"kind": "behaviors", "document": [{"command": "CONNECT", "response": {"drip": {"bytes": 1, "interval": "1s"}}}]}], "places": {"interval": [[0, 0, "response", "drip", "interval"]]}},
"oversizedBanner": {"calls": [{"kind": "behaviors", "document": [{"command": "CONNECT", "response": {"code": 220, "message": "mx.there.test ESMTP xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}}]}], "places": {}},
"nonAsciiBanner": {"calls": [{"kind": "behaviors", "document": [{"command": "CONNECT", "response": {"raw": "220 mx.there.test Gr\u00fc\u00dfe\r\n", "effect": "apply"}}]}], "places": {}},
"junkBeforeBanner": {"calls": [{"kind": "behaviors", "document": [{"command": "CONNECT", "response": {"raw": "\u0000\u00ff warming up\r\n220 mx.there.test ESMTP\r\n"}}]}], "places": {}},
"noEhlo": {"calls": [{"kind": "behaviors", "document": [{"command": "EHLO", "response": {"code": 502, "message": "5.5.1 What is EHLO?"}}]}], "places": {"code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]]}},
"ehloOutage": {"calls": [{"kind": "behaviors", "document": [{"command": "EHLO", "response": {"code": 421, "message": "4.3.2 Going down", "then": "close"}}]}], "places": {"code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]]}},
"resetAtEhlo": {"calls": [{"kind": "behaviors", "document": [{"command": "EHLO", "response": {"then": "reset"}}]}], "places": {}},
"noExtensions": {"calls": [{"kind": "host", "document": {"capabilities": []}}], "places": {}},
"otherExtensionsUnderTls": {"calls": [{"kind": "host", "document": {"tls": {"mode": "starttls"}, "capabilities": {"beforeTls": ["PIPELINING", "SIZE 1000"], "underTls": ["8BITMIME", "SIZE 5000000"]}}}], "places": {"beforeTls": [[0, "capabilities", "beforeTls"]], "underTls": [[0, "capabilities", "underTls"]]}},
"unusualKeywords": {"calls": [{"kind": "behaviors", "document": [{"command": "EHLO", "response": {"code": 250, "message": "mx.there.test\npipelining\nSize=1000\n\n-\nX-OWN a=b\n8bitmime"}}]}], "places": {}},
"starttlsDeferred": {"calls": [{"kind": "host", "document": {"tls": {"mode": "starttls"}}}, {"kind": "behaviors", "document": [{"command": "STARTTLS", "response": {"code": 454, "message": "4.7.0 TLS not available"}}]}], "places": {"code": [[1, 0, "response", "code"]], "message": [[1, 0, "response", "message"]]}},
"starttlsRejected": {"calls": [{"kind": "host", "document": {"tls": {"mode": "starttls"}}}, {"kind": "behaviors", "document": [{"command": "STARTTLS", "response": {"code": 502, "message": "5.5.1 Not implemented"}}]}], "places": {"code": [[1, 0, "response", "code"]], "message": [[1, 0, "response", "message"]]}},
"closeAtStarttls": {"calls": [{"kind": "host", "document": {"tls": {"mode": "starttls"}}}, {"kind": "behaviors", "document": [{"command": "STARTTLS", "response": {"then": "close"}}]}], "places": {}},
"closeAfterStarttls": {"calls": [{"kind": "host", "document": {"tls": {"mode": "starttls"}}}, {"kind": "behaviors", "document": [{"command": "STARTTLS", "response": {"code": 220, "message": "Go", "then": "close"}}]}], "places": {}},
"garbageInsteadOfTls": {"calls": [{"kind": "host", "document": {"tls": {"mode": "starttls"}}}, {"kind": "behaviors", "document": [{"command": "TLS", "numberOfAnswer": 1, "response": {"raw": "220 oops\r\n", "then": "close"}}]}], "places": {}},
"silenceInsteadOfTls": {"calls": [{"kind": "host", "document": {"tls": {"mode": "starttls"}}}, {"kind": "behaviors", "document": [{"command": "TLS", "response": {"then": "hang"}}]}], "places": {}},
"obsoleteTls": {"calls": [{"kind": "host", "document": {"tls": {"minVersion": "TLSv1", "maxVersion": "TLSv1.1"}}}], "places": {"minVersion": [[0, "tls", "minVersion"]], "maxVersion": [[0, "tls", "maxVersion"]]}},
"selfSignedCertificate": {"calls": [{"kind": "host", "document": {"tls": {"certificate": "selfSigned"}}}], "places": {}},
"expiredCertificate": {"calls": [{"kind": "host", "document": {"tls": {"certificate": "expired"}}}], "places": {}},
"wrongNameCertificate": {"calls": [{"kind": "host", "document": {"tls": {"certificate": "wrongName"}}}], "places": {}},
"untrustedCertificate": {"calls": [{"kind": "host", "document": {"tls": {"certificate": "untrusted"}}}], "places": {}},
"clientCertificateRequired": {"calls": [{"kind": "host", "document": {"tls": {"mode": "starttls", "clientCertificate": "require"}}}], "places": {}},
"starttls": {"calls": [{"kind": "host", "document": {"tls": {"mode": "starttls"}}}], "places": {}},
"injectedAfter220": {"calls": [{"kind": "host", "document": {"tls": {"mode": "starttls"}}}, {"kind": "behaviors", "document": [{"command": "STARTTLS", "response": {"raw": "220 Go\r\n250-mx.there.test\r\n250 X-INJECTED\r\n", "effect": "apply"}}]}], "places": {}},
"injectedByClient": {"calls": [{"kind": "host", "document": {"tls": {"mode": "starttls"}}}, {"kind": "host", "document": {"tls": {"mode": "starttls"}}}], "places": {}},
"noEhloUnderTls": {"calls": [{"kind": "host", "document": {"tls": {"mode": "starttls"}}}, {"kind": "behaviors", "document": [{"command": "EHLO", "condition": {"target": "tls", "operator": "exists"}, "response": {"code": 502, "message": "5.5.1 Not here"}}]}], "places": {"code": [[1, 0, "response", "code"]], "message": [[1, 0, "response", "message"]]}},
"outageUnderTls": {"calls": [{"kind": "host", "document": {"tls": {"mode": "starttls"}}}, {"kind": "behaviors", "document": [{"command": "EHLO", "condition": {"target": "tls", "operator": "exists"}, "response": {"code": 421, "message": "4.3.2 Too busy", "then": "close"}}]}], "places": {"code": [[1, 0, "response", "code"]], "message": [[1, 0, "response", "message"]]}},
"auth": {"calls": [{"kind": "host", "document": {"auth": {"mechanisms": ["PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2", "OAUTHBEARER"], "users": {"bob": "s3cret"}}}}], "places": {"mechanisms": [[0, "auth", "mechanisms"]], "users": [[0, "auth", "users"]]}},
"wrongPassword": {"calls": [{"kind": "host", "document": {"auth": {"users": {"bob": "s3cret"}}}}], "places": {"users": [[0, "auth", "users"]]}},
"authOutage": {"calls": [{"kind": "host", "document": {"auth": {"users": "any"}}}, {"kind": "behaviors", "document": [{"command": "AUTH", "scenario": {"name": "outage", "state": "down"}, "response": {"code": 454, "message": "4.7.0 Temporary authentication failure"}}]}], "places": {"code": [[1, 0, "response", "code"]], "message": [[1, 0, "response", "message"]]}},
"passwordTransition": {"calls": [{"kind": "host", "document": {"auth": {"users": "any"}}}, {"kind": "behaviors", "document": [{"command": "AUTH", "condition": {"target": "authMechanism", "operator": "equals", "matchingValue": "CRAM-MD5"}, "response": {"code": 432, "message": "4.7.12 A password transition is needed"}}]}], "places": {"code": [[1, 0, "response", "code"]], "message": [[1, 0, "response", "message"]]}},
"weakMechanism": {"calls": [{"kind": "host", "document": {"auth": {"users": "any"}}}, {"kind": "behaviors", "document": [{"command": "AUTH COMMAND", "condition": {"operator": "startsWith", "matchingValue": "PLAIN", "ignoreCase": true}, "response": {"code": 534, "message": "5.7.9 Mechanism is too weak"}}]}], "places": {"code": [[1, 0, "response", "code"]], "message": [[1, 0, "response", "message"]]}},
"authRequired": {"calls": [{"kind": "host", "document": {"auth": {"users": "any", "required": true}}}], "places": {"users": [[0, "auth", "users"]]}},
"authOnlyUnderTls": {"calls": [{"kind": "host", "document": {"tls": {"mode": "starttls"}, "auth": {"users": "any", "requireTls": true}}}], "places": {}},
"oneMechanism": {"calls": [{"kind": "host", "document": {"auth": {"mechanisms": ["PLAIN"], "users": "any"}}}], "places": {"mechanisms": [[0, "auth", "mechanisms"]]}},
"malformedChallenge": {"calls": [{"kind": "host", "document": {"auth": {"mechanisms": ["LOGIN", "CRAM-MD5"], "users": "any"}}}, {"kind": "behaviors", "document": [{"command": "AUTH COMMAND", "response": {"raw": "334 %%%\r\n", "effect": "apply"}}]}], "places": {}},
"closeDuringAuth": {"calls": [{"kind": "host", "document": {"auth": {"mechanisms": ["LOGIN", "CRAM-MD5"], "users": "any"}}}, {"kind": "behaviors", "document": [{"command": "AUTH COMMAND", "response": {"raw": "334 VXNlcm5hbWU6\r\n", "then": "close"}}]}], "places": {}},
"senderDeferred": {"calls": [{"kind": "behaviors", "document": [{"command": "MAIL FROM", "response": {"code": 451, "message": "4.1.8 Can't look up your domain"}}]}], "places": {"code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]]}},
"senderRejected": {"calls": [{"kind": "behaviors", "document": [{"command": "MAIL FROM", "condition": {"operator": "endsWith", "matchingValue": "@spam.test"}, "response": {"code": 550, "message": "5.7.1 We do not take your mail"}}]}], "places": {"domain": [[0, 0, "condition", "matchingValue"]], "code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]]}},
"resetAtRcpt": {"calls": [{"kind": "behaviors", "document": [{"command": "RCPT TO", "response": {"then": "reset"}}]}], "places": {}},
"eightBitRefused": {"calls": [{"kind": "behaviors", "document": [{"command": "MAIL FROM", "condition": {"target": "parameter:BODY", "operator": "equals", "matchingValue": "8BITMIME", "ignoreCase": true}, "response": {"code": 554, "message": "5.6.3 Conversion required"}}]}], "places": {"code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]]}},
"nullSenderRefused": {"calls": [{"kind": "behaviors", "document": [{"command": "MAIL FROM", "condition": {"operator": "equals", "matchingValue": ""}, "response": {"code": 550, "message": "5.7.1 No bounces"}}]}], "places": {"code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]]}},
"fullMailbox": {"calls": [{"kind": "behaviors", "document": [{"command": "RCPT TO", "condition": {"operator": "contains", "matchingValue": "full@"}, "response": {"code": 452, "message": "4.2.2 Mailbox full"}}, {"command": "DATA", "condition": {"target": "size", "operator": "atLeast", "matchingValue": "1000000"}, "response": {"code": 552, "message": "5.3.4 Too big"}}]}], "places": {"recipient": [[0, 0, "condition"]], "code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]], "size": [[0, 1, "condition", "matchingValue"]]}},
"differentReplies": {"calls": [{"kind": "behaviors", "document": [{"command": "RCPT TO", "condition": {"operator": "contains", "matchingValue": "nobody@"}, "response": {"code": 550, "message": "5.1.1 Unknown"}}, {"command": "RCPT TO", "condition": {"operator": "contains", "matchingValue": "busy@"}, "response": {"code": 451, "message": "4.2.1 Later"}, "numberOfAnswer": 1}]}], "places": {}},
"unknownRecipients": {"calls": [{"kind": "behaviors", "document": [{"command": "RCPT TO", "response": {"code": 550, "message": "5.1.1 Unknown"}}]}], "places": {"code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]]}},
"tooManyRecipients": {"calls": [{"kind": "behaviors", "document": [{"command": "RCPT TO", "per": "transaction", "skip": 100, "response": {"code": 452, "message": "4.5.3 Too many recipients"}}]}], "places": {"accepted": [[0, 0, "skip"]], "code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]]}},
"movedRecipients": {"calls": [{"kind": "behaviors", "document": [{"command": "RCPT TO", "condition": {"operator": "startsWith", "matchingValue": "moved@"}, "response": {"code": 251, "message": "User not local; will forward to <new@else.test>"}}, {"command": "RCPT TO", "condition": {"operator": "startsWith", "matchingValue": "gone@"}, "response": {"code": 551, "message": "User not local; please try <new@else.test>"}}]}], "places": {}},
"closeAfterMails": {"calls": [{"kind": "behaviors", "document": [{"command": "MAIL FROM", "per": "connection", "skip": 10, "response": {"code": 421, "message": "4.7.0 Too many messages", "then": "close"}}]}], "places": {"mails": [[0, 0, "skip"]], "code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]]}},
"stayOpenAfter421": {"calls": [{"kind": "behaviors", "document": [{"command": "RCPT TO", "response": {"code": 421, "message": "4.3.2 Closing"}}]}], "places": {"code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]]}},
"secondMailRefused": {"calls": [{"kind": "behaviors", "document": [{"command": "MAIL FROM", "per": "connection", "skip": 1, "response": {"code": 451, "message": "4.7.0 One mail at a time"}}]}], "places": {"code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]]}},
"rsetRefused": {"calls": [{"kind": "behaviors", "document": [{"command": "RSET", "response": {"code": 451, "message": "4.3.0 Not now"}}]}], "places": {"code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]]}},
"dataDeferred": {"calls": [{"kind": "behaviors", "document": [{"command": "DATA COMMAND", "response": {"code": 451, "message": "4.3.0 Disk full"}}, {"command": "BDAT", "response": {"code": 451, "message": "4.3.0 Disk full"}}]}], "places": {"code": [[0, 0, "response", "code"], [0, 1, "response", "code"]], "message": [[0, 0, "response", "message"], [0, 1, "response", "message"]]}},
"dataRejected": {"calls": [{"kind": "behaviors", "document": [{"command": "DATA COMMAND", "response": {"code": 554, "message": "5.7.1 No content"}}, {"command": "BDAT", "response": {"code": 554, "message": "5.7.1 No content"}}]}], "places": {"code": [[0, 0, "response", "code"], [0, 1, "response", "code"]], "message": [[0, 0, "response", "message"], [0, 1, "response", "message"]]}},
"dataGets250": {"calls": [{"kind": "host", "document": {"capabilities": ["PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"]}}, {"kind": "behaviors", "document": [{"command": "DATA COMMAND", "response": {"code": 250, "message": "2.0.0 OK"}}]}], "places": {}},
"replyDuringContent": {"calls": [{"kind": "behaviors", "document": [{"command": "DATA CONTENT", "condition": {"target": "size", "operator": "atLeast", "matchingValue": "65536"}, "response": {"code": 552, "message": "5.3.4 Enough"}}]}], "places": {"size": [[0, 0, "condition", "matchingValue"]], "code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]]}},
"closeDuringContent": {"calls": [{"kind": "behaviors", "document": [{"command": "DATA CONTENT", "condition": {"target": "size", "operator": "atLeast", "matchingValue": "65536"}, "response": {"then": "close"}}]}], "places": {"size": [[0, 0, "condition", "matchingValue"]]}},
"stopReadingContent": {"calls": [{"kind": "behaviors", "document": [{"command": "DATA CONTENT", "condition": {"target": "size", "operator": "atLeast", "matchingValue": "65536"}, "response": {"then": "hang"}}]}], "places": {"size": [[0, 0, "condition", "matchingValue"]]}},
"contentRefused": {"calls": [{"kind": "behaviors", "document": [{"command": "DATA", "condition": {"operator": "contains", "matchingValue": "EICAR"}, "response": {"code": 554, "message": "5.7.1 Virus found"}}, {"command": "DATA", "condition": {"target": "body", "operator": "contains", "matchingValue": "viagra", "ignoreCase": true}, "response": {"code": 451, "message": "4.7.1 Looks like spam, come later"}}]}], "places": {"virus": [[0, 0, "condition", "matchingValue"]], "spam": [[0, 1, "condition", "matchingValue"]]}},
"headerRefused": {"calls": [{"kind": "host", "document": {"auth": {"users": "any"}}}, {"kind": "behaviors", "document": [{"command": "DATA", "condition": {"operator": "all", "conditions": [{"target": "header:Subject", "operator": "matches", "matchingValue": "invoice", "ignoreCase": true}, {"operator": "not", "condition": {"target": "authUser", "operator": "exists"}}]}, "response": {"code": 554, "enhancedCode": "5.7.1", "message": "Policy: {{header:Subject}}", "template": true}}]}], "places": {}},
"dataWithoutRecipient": {"calls": [{"kind": "behaviors", "document": [{"command": "RCPT TO", "response": {"code": 550, "message": "5.1.1 Unknown", "effect": "discard"}}, {"command": "DATA", "response": {"code": 554, "message": "5.5.1 No valid recipients"}}]}], "places": {}},
"keepThenReset": {"calls": [{"kind": "behaviors", "document": [{"command": "DATA", "numberOfAnswer": 1, "response": {"then": "reset", "effect": "apply"}}]}], "places": {}},
"keepThenClose": {"calls": [{"kind": "behaviors", "document": [{"command": "DATA", "numberOfAnswer": 1, "response": {"then": "close", "effect": "apply"}}]}], "places": {}},
"keepThenHang": {"calls": [{"kind": "behaviors", "document": [{"command": "DATA", "numberOfAnswer": 1, "response": {"then": "hang", "effect": "apply"}}]}], "places": {}},
"keepThenReplyLate": {"calls": [{"kind": "behaviors", "document": [{"command": "DATA", "numberOfAnswer": 1, "response": {"code": 250, "message": "2.0.0 Kept", "delay": "9m"}}]}], "places": {"delay": [[0, 0, "response", "delay"]]}},
"acceptAndLose": {"calls": [{"kind": "behaviors", "document": [{"command": "DATA", "condition": {"operator": "contains", "matchingValue": "X-Drop: yes"}, "response": {"code": 250, "message": "2.0.0 Queued", "effect": "discard"}}]}], "places": {"text": [[0, 0, "condition"]]}},
"keepAndRefuse": {"calls": [{"kind": "behaviors", "document": [{"command": "DATA", "response": {"code": 451, "message": "4.4.2 Timeout", "effect": "apply"}}]}], "places": {"code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]]}},
"closeAfter250": {"calls": [{"kind": "behaviors", "document": [{"command": "DATA", "response": {"code": 250, "message": "2.0.0 Kept", "then": "close"}}]}], "places": {}},
"malformedReplies": {"calls": [{"kind": "behaviors", "document": [{"command": "MAIL FROM", "responses": [{"raw": "\r\n", "then": "close"}, {"raw": "25 OK\r\n", "then": "close"}, {"raw": "250\r\n", "effect": "apply"}, {"raw": "250 OK\n", "effect": "apply"}, {"raw": "250 O\u0000K\r\n", "effect": "apply"}]}]}], "places": {}},
"changingCode": {"calls": [{"kind": "behaviors", "document": [{"command": "MAIL FROM", "response": {"raw": "250-One\r\n550 Two\r\n"}}]}], "places": {}},
"unfinishedReply": {"calls": [{"kind": "behaviors", "document": [{"command": "MAIL FROM", "response": {"raw": "250-There is more to come\r\n", "then": "hang"}}]}], "places": {}},
"endlessReply": {"calls": [{"kind": "behaviors", "document": [{"command": "MAIL FROM", "response": {"raw": "250-Wait\r\n250-Wait\r\n250-Wait\r\n250-Wait\r\n250-Wait\r\n250-Wait\r\n", "drip": {"bytes": 10, "interval": "1m"}, "then": "hang"}}]}], "places": {}},
"oversizedReply": {"calls": [{"kind": "behaviors", "document": [{"command": "MAIL FROM", "response": {"code": 451, "message": "4.3.0 Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on. Please read on."}}]}], "places": {}},
"meaninglessCodes": {"calls": [{"kind": "behaviors", "document": [{"command": "MAIL FROM", "responses": [{"raw": "850 What?\r\n"}, {"raw": "199 What?\r\n"}, {"code": 354, "message": "Go ahead"}]}]}], "places": {}},
"contradictoryCodes": {"calls": [{"kind": "behaviors", "document": [{"command": "RCPT TO", "responses": [{"code": 550, "message": "4.2.1 For good, or for now?"}, {"code": 450, "message": "5.1.1 For now, or for good?"}, {"code": 250, "message": "5.1.1 Fine, or not?"}]}]}], "places": {}},
"extraReply": {"calls": [{"kind": "behaviors", "document": [{"command": "MAIL FROM", "response": {"raw": "250 2.1.0 OK\r\n250 2.1.0 OK\r\n", "effect": "apply"}}]}], "places": {}},
"octetByOctet": {"calls": [{"kind": "behaviors", "document": [{"command": "ANY", "response": {"drip": {"bytes": 1, "interval": "1ms"}}}]}], "places": {"interval": [[0, 0, "response", "drip", "interval"]]}},
"twoRepliesAtOnce": {"calls": [{"kind": "behaviors", "document": [{"command": "MAIL FROM", "response": {"raw": "", "effect": "apply"}}, {"command": "RCPT TO", "response": {"raw": "250 2.1.0 OK\r\n250 2.1.5 OK\r\n", "effect": "apply"}}]}], "places": {}},
"noPipelining": {"calls": [{"kind": "host", "document": {"capabilities": ["8BITMIME", "ENHANCEDSTATUSCODES"]}}], "places": {}},
"bdatRefused": {"calls": [{"kind": "behaviors", "document": [{"command": "BDAT", "response": {"code": 503, "message": "5.5.1 Not now"}}]}], "places": {"code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]]}},
"secondChunkRefused": {"calls": [{"kind": "behaviors", "document": [{"command": "BDAT", "per": "transaction", "skip": 1, "response": {"code": 452, "message": "4.3.1 Disk full"}}]}], "places": {"code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]]}},
"closeDuringChunk": {"calls": [{"kind": "behaviors", "document": [{"command": "DATA CONTENT", "condition": {"target": "size", "operator": "atLeast", "matchingValue": "1000"}, "response": {"then": "close"}}]}], "places": {"size": [[0, 0, "condition", "matchingValue"]]}},
"noChunking": {"calls": [{"kind": "host", "document": {"capabilities": ["PIPELINING", "8BITMIME"]}}], "places": {}},
"sizeLimit": {"calls": [{"kind": "host", "document": {"limits": {"messageSize": 1000}}}], "places": {"size": [[0, "limits", "messageSize"]]}},
"falseSizeLimit": {"calls": [{"kind": "host", "document": {"capabilities": ["PIPELINING", "SIZE 10000000"]}}, {"kind": "behaviors", "document": [{"command": "DATA", "condition": {"target": "size", "operator": "atLeast", "matchingValue": "1000"}, "response": {"code": 552, "message": "5.3.4 Too big"}}]}], "places": {"size": [[1, 0, "condition", "matchingValue"]], "code": [[1, 0, "response", "code"]], "message": [[1, 0, "response", "message"]]}},
"sevenBit": {"calls": [{"kind": "host", "document": {"capabilities": ["PIPELINING"]}}], "places": {}},
"dsn": {"calls": [{"kind": "host", "document": {"capabilities": ["PIPELINING", "DSN"]}}], "places": {}},
"rareExtensions": {"calls": [{"kind": "host", "document": {"capabilities": ["REQUIRETLS", "MT-PRIORITY MIXER", "DELIVERBY 240", "FUTURERELEASE 86400 2030-01-01T00:00:00Z"]}}], "places": {"capabilities": [[0, "capabilities"]]}},
"greylist": {"calls": [{"kind": "behaviors", "document": [{"command": "RCPT TO", "per": ["clientIp", "sender", "recipient"], "activeFor": "5m", "window": "24h", "response": {"code": 450, "message": "4.2.0 Greylisted"}}]}], "places": {"activeFor": [[0, 0, "activeFor"]], "window": [[0, 0, "window"]], "code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]]}},
"busyThenSuccess": {"calls": [{"kind": "behaviors", "document": [{"command": "RCPT TO", "per": "recipient", "responses": [{"code": 450, "message": "4.2.1 Busy", "times": 2}, {"code": 451, "message": "4.3.0 Again"}]}]}], "places": {}},
"alwaysDeferred": {"calls": [{"kind": "behaviors", "document": [{"command": "RCPT TO", "condition": {"operator": "contains", "matchingValue": "never@"}, "response": {"code": 451, "message": "4.3.0 Not today"}}]}], "places": {"recipient": [[0, 0, "condition"]], "code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]]}},
"connectionLimit": {"calls": [{"kind": "host", "document": {"limits": {"connections": 1}}}], "places": {"connections": [[0, "limits", "connections"]]}},
"mailsPerConnection": {"calls": [{"kind": "host", "document": {"limits": {"messages": 2}}}], "places": {"mails": [[0, "limits", "messages"]]}},
"rateLimit": {"calls": [{"kind": "behaviors", "document": [{"command": "MAIL FROM", "per": "clientIp", "skip": 100, "window": "1m", "response": {"code": 450, "message": "4.7.1 Rate limited"}}]}], "places": {"mails": [[0, 0, "skip"]], "window": [[0, 0, "window"]], "code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]]}},
"firstMailsRefused": {"calls": [{"kind": "behaviors", "document": [{"id": "first-two", "command": "MAIL FROM", "per": "clientIp", "numberOfAnswer": 2, "response": {"code": 450, "message": "4.7.1 Come again"}}]}], "places": {"mails": [[0, 0, "numberOfAnswer"]], "code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]]}},
"thirdMailRefused": {"calls": [{"kind": "behaviors", "document": [{"command": "MAIL FROM", "condition": {"target": "messageCount", "operator": "atLeast", "matchingValue": "2"}, "response": {"code": 450, "message": "4.7.0 Come on another connection"}}]}], "places": {"mails": [[0, 0, "condition", "matchingValue"]], "code": [[0, 0, "response", "code"]], "message": [[0, 0, "response", "message"]]}},
"idleTime": {"calls": [{"kind": "host", "document": {"limits": {"idleTime": "10s"}}}], "places": {"time": [[0, "limits", "idleTime"]]}},
"closeLater": {"calls": [{"kind": "behaviors", "document": [{"command": "DATA", "response": {"code": 250, "message": "2.0.0 Kept", "then": "close", "thenDelay": "2s"}}]}], "places": {"delay": [[0, 0, "response", "thenDelay"]]}},
"delaysEverywhere": {"calls": [{"kind": "behaviors", "document": [{"command": "CONNECT", "response": {"delay": "4m"}}, {"command": "EHLO", "response": {"delay": "4m"}}, {"command": "MAIL FROM", "response": {"delay": "4m"}}, {"command": "RCPT TO", "response": {"delay": "4m"}}, {"command": "DATA COMMAND", "response": {"delay": "100s"}}, {"command": "DATA", "response": {"delay": "9m"}}]}], "places": {}},
"tarpit": {"calls": [{"kind": "behaviors", "document": [{"command": "ANY", "condition": {"target": "clientIp", "operator": "inNetwork", "matchingValue": "127.0.0.0/8"}, "response": {"delay": {"type": "lognormal", "median": 200, "sigma": 0.4, "maxValue": 900}, "drip": {"bytes": 1, "interval": "20ms"}}}]}], "places": {"network": [[0, 0, "condition", "matchingValue"]], "median": [[0, 0, "response", "delay", "median"]], "maxValue": [[0, 0, "response", "delay", "maxValue"]], "interval": [[0, 0, "response", "drip", "interval"]]}},
"gmailBusy": {"calls": [{"kind": "behaviors", "document": [{"command": "CONNECT", "response": {"code": 421, "enhancedCode": "4.4.5", "message": "Server busy, try again later. For more information, go to About SMTP\nerror messages. - gsmtp", "then": "close"}}]}], "places": {}},
"gmailRateLimit": {"calls": [{"kind": "behaviors", "document": [{"command": "DATA", "per": "clientIp", "skip": 100, "window": "1h", "response": {"code": 421, "enhancedCode": "4.7.28", "message": "Gmail has detected an unusual rate of email originating from your IP\naddress {{clientIp}}. To protect our users from spam, email sent from\nyour IP address has been temporarily rate limited. To review our bulk\nemail senders guidelines, go to Email sender guidelines. - gsmtp", "template": true, "then": "close"}}]}], "places": {"mails": [[0, 0, "skip"]], "window": [[0, 0, "window"]]}},
"gmailConnectionExpired": {"calls": [{"kind": "behaviors", "document": [{"command": "MAIL FROM", "per": "connection", "skip": 10, "response": {"code": 421, "enhancedCode": "4.7.0", "message": "Connection expired, try reconnecting. For more information, go to About\nSMTP error messages. - gsmtp", "then": "close"}}]}], "places": {"mails": [[0, 0, "skip"]]}},
"gmailRecipientRateLimit": {"calls": [{"kind": "behaviors", "document": [{"command": "RCPT TO", "per": "recipient", "skip": 10, "window": "1m", "response": {"code": 450, "enhancedCode": "4.2.1", "message": "The user you are trying to contact is receiving email at a rate that\nprevents additional messages from being delivered. Please resend your\nmessage at a later time. If the user is able to receive email at that\ntime, your message will be delivered. For more information, go to Limits\nfor sending & getting email. - gsmtp"}}]}], "places": {"mails": [[0, 0, "skip"]], "window": [[0, 0, "window"]]}},
"gmailFullMailbox": {"calls": [{"kind": "behaviors", "document": [{"command": "RCPT TO", "condition": {"operator": "contains", "matchingValue": "full@"}, "response": {"code": 452, "enhancedCode": "4.2.2", "message": "The recipient's inbox is out of storage space. Please direct the\nrecipient to Manage files in your Google Drive storage. - gsmtp"}}]}], "places": {"recipient": [[0, 0, "condition"]]}},
"gmailUnknownRecipient": {"calls": [{"kind": "behaviors", "document": [{"command": "RCPT TO", "condition": {"operator": "contains", "matchingValue": "nobody@"}, "response": {"code": 550, "enhancedCode": "5.1.1", "message": "The email account that you tried to reach does not exist. Please\ndouble-check the recipient's email address for typos or unnecessary\nspaces. For more information, go to Fix bounced or rejected emails. -\ngsmtp"}}]}], "places": {"recipient": [[0, 0, "condition"]]}},
"gmailTooManyRecipients": {"calls": [{"kind": "behaviors", "document": [{"command": "RCPT TO", "per": "transaction", "skip": 100, "response": {"code": 452, "enhancedCode": "4.5.3", "message": "Your message has too many recipients. For more information regarding\nGoogle's sending limits, go to Limits for sending & getting email. -\ngsmtp"}}]}], "places": {"accepted": [[0, 0, "skip"]]}},
"gmailTlsRequired": {"calls": [{"kind": "host", "document": {"tls": {"mode": "starttls"}}}, {"kind": "behaviors", "document": [{"command": "RCPT TO", "condition": {"target": "tls", "operator": "absent"}, "response": {"code": 421, "enhancedCode": "4.7.0", "message": "TLS required for RCPT domain, closing connection. For more information,\ngo to Email encryption in transit. - gsmtp", "then": "close"}}]}], "places": {}},
"gmailNoDkim": {"calls": [{"kind": "behaviors", "document": [{"command": "DATA", "condition": {"target": "header:DKIM-Signature", "operator": "absent"}, "response": {"code": 550, "enhancedCode": "5.7.30", "message": "This message was blocked because it didn't pass DKIM authentication.\nGmail requires bulk email senders to authenticate their email with DKIM.\nAuthentication results: DKIM = did not pass To set up DKIM for your\nsending domains, visit Set up DKIM. To learn more about Gmail\nrequirements for bulk email senders, visit Email sender guidelines. -\ngsmtp"}}]}], "places": {}},
"gmailNotAligned": {"calls": [{"kind": "behaviors", "document": [{"command": "DATA", "response": {"code": 421, "enhancedCode": "5.7.32", "message": "Your email was blocked because the From: header (RFC5322) in this\nmessage isn't aligned with either the authenticated SPF or DKIM\norganizational domain. Learn more about DMARC alignment. To learn more\nabout Gmail requirements for bulk email senders, visit Email sender\nguidelines. - gsmtp", "then": "close"}}]}], "places": {}},
"gmailLowReputation": {"calls": [{"kind": "behaviors", "document": [{"command": "DATA", "response": {"code": 550, "enhancedCode": "5.7.1", "message": "This message is likely suspicious due to the very low reputation of the\nsending domain. To best protect our users from spam, the message has\nbeen blocked. For more information, go to Why has Gmail blocked my\nmessages? - gsmtp"}}]}], "places": {}},
"gmailNoMessageId": {"calls": [{"kind": "behaviors", "document": [{"command": "DATA", "condition": {"target": "header:Message-ID", "operator": "absent"}, "response": {"code": 550, "enhancedCode": "5.7.1", "message": "Messages missing a valid Message-ID: header are not accepted. For more\ninformation, go to Email sender guidelines and review RFC 5322\nspecifications. - gsmtp"}}]}], "places": {}},
"outlookRateLimit": {"calls": [{"kind": "behaviors", "document": [{"command": "MAIL FROM", "per": "clientIp", "skip": 100, "window": "1h", "response": {"code": 421, "message": "RP-001 The mail server IP connecting to Outlook.com server has exceeded\nthe rate limit allowed. Reason for rate limitation is related to\nIP/domain reputation. If you are not an email/network admin please\ncontact your Email/Internet Service Provider for help.", "then": "close"}}]}], "places": {"mails": [[0, 0, "skip"]], "window": [[0, 0, "window"]]}},
"outlookConnectionRateLimit": {"calls": [{"kind": "behaviors", "document": [{"command": "MAIL FROM", "per": "connection", "skip": 10, "response": {"code": 421, "message": "RP-002 The mail server IP connecting to Outlook.com server has exceeded\nthe rate limit allowed on this connection. Reason for rate limitation is\nrelated to IP/domain reputation. If you are not an email/network admin\nplease contact your Email/Internet Service Provider for help.", "then": "close"}}]}], "places": {"mails": [[0, 0, "skip"]]}},
"outlookTooManyConnections": {"calls": [{"kind": "behaviors", "document": [{"command": "CONNECT", "per": "clientIp", "skip": 10, "window": "1m", "response": {"code": 421, "message": "RP-003 The mail server IP connecting to Outlook.com server has exceeded\nthe connection limit allowed. Reason for limitation is related to\nIP/domain reputation. If you are not an email/network admin please\ncontact your Email/Internet Service Provider for help.", "then": "close"}}]}], "places": {"connections": [[0, 0, "skip"]], "window": [[0, 0, "window"]]}},
"outlookNotAuthenticated": {"calls": [{"kind": "behaviors", "document": [{"command": "DATA", "response": {"code": 550, "enhancedCode": "5.7.515", "message": "Access denied, sending domain [here.test] does not meet the required\nauthentication level."}}]}], "places": {}},
"outlookBlocked": {"calls": [{"kind": "behaviors", "document": [{"command": "MAIL FROM", "response": {"code": 550, "message": "SC-001 Mail rejected by Outlook.com for policy reasons. Reasons for\nrejection may be related to content with spam-like characteristics or\nIP/domain reputation. If you are not an email/network admin please\ncontact your Email/Internet Service Provider for help."}}]}], "places": {}},
"outlookUnknownRecipient": {"calls": [{"kind": "behaviors", "document": [{"command": "RCPT TO", "condition": {"operator": "contains", "matchingValue": "nobody@"}, "response": {"code": 550, "enhancedCode": "5.5.0", "message": "Requested action not taken: mailbox unavailable"}}]}], "places": {"recipient": [[0, 0, "condition"]]}},
"microsoft365Greylist": {"calls": [{"kind": "behaviors", "document": [{"command": "MAIL FROM", "per": "clientIp", "activeFor": "10m", "window": "24h", "response": {"code": 451, "enhancedCode": "4.7.550", "message": "Access denied, please try again later"}}]}], "places": {"activeFor": [[0, 0, "activeFor"]], "window": [[0, 0, "window"]]}},
"microsoft365RecipientRateLimit": {"calls": [{"kind": "behaviors", "document": [{"command": "RCPT TO", "per": "recipient", "skip": 10, "window": "1m", "response": {"code": 432, "enhancedCode": "4.3.2", "message": "STOREDRV.Deliver; recipient thread limit exceeded"}}]}], "places": {"mails": [[0, 0, "skip"]], "window": [[0, 0, "window"]]}},
"microsoft365Blocked": {"calls": [{"kind": "behaviors", "document": [{"command": "MAIL FROM", "response": {"code": 550, "enhancedCode": "5.7.606", "message": "Access denied, banned sending IP [{{clientIp}}]; To request removal from this list please visit https://sender.office.com/ and follow the directions.", "template": true}}]}], "places": {}},
"microsoft365RelayDenied": {"calls": [{"kind": "behaviors", "document": [{"command": "RCPT TO", "condition": {"operator": "contains", "matchingValue": "@else.test"}, "response": {"code": 550, "enhancedCode": "5.4.1", "message": "Relay Access Denied"}}]}], "places": {"recipient": [[0, 0, "condition"]]}},
"yahooDeferred": {"calls": [{"kind": "behaviors", "document": [{"command": "CONNECT", "per": "clientIp", "activeFor": "1h", "response": {"code": 421, "enhancedCode": "4.7.0", "message": "[TS02] Messages from {{clientIp}} temporarily deferred - 4.16.56.1", "template": true, "then": "close"}}]}], "places": {"activeFor": [[0, 0, "activeFor"]]}},
"yahooDeferredForGood": {"calls": [{"kind": "behaviors", "document": [{"command": "CONNECT", "response": {"code": 421, "enhancedCode": "4.7.1", "message": "[TS03] All messages from {{clientIp}} permanently deferred", "template": true, "then": "close"}}]}], "places": {}},
"yahooUnknownRecipient": {"calls": [{"kind": "behaviors", "document": [{"command": "DATA", "condition": {"target": "recipients", "operator": "contains", "matchingValue": "nobody@"}, "response": {"code": 554, "message": "delivery error: dd This user doesn't have a yahoo.com account (testing123@yahoo.com) [-5] - mta123.mail.mud.yahoo.com"}}]}], "places": {"recipient": [[0, 0, "condition"]]}},
"gmxBlockList": {"calls": [{"kind": "behaviors", "document": [{"command": "CONNECT", "response": {"code": 554, "message": "gmx.net (mxgmx104) Nemesis ESMTP Service not available\nNo SMTP service\nIP address is block listed.\nFor explanation visit https://postmaster.gmx.net/en/case?c=r0201&i=ip&v={{clientIp}}&r=1MNcgj-1ue23t3pyV-00S2YR", "template": true, "then": "close"}}]}], "places": {}},
"comcastTooManyConnections": {"calls": [{"kind": "behaviors", "document": [{"command": "CONNECT", "per": "clientIp", "skip": 25, "window": "1m", "response": {"code": 421, "message": "Too many sessions opened", "then": "close"}}]}], "places": {"connections": [[0, 0, "skip"]], "window": [[0, 0, "window"]]}},
"comcastNoReverseDns": {"calls": [{"kind": "behaviors", "document": [{"command": "CONNECT", "response": {"code": 421, "message": "Reverse DNS failure : Try again later", "then": "close"}}]}], "places": {}}
}`

// ResetConnections: Reset right after the connection. The sender gets `Connection reset
// by peer`. It treats the host as unreachable: it tries the next address or MX, then
// retries later (§5.1).
func (h *Host) ResetConnections(values ...Values) {
	h.t.Helper()
	h.apply("resetConnections", values)
}

// CloseConnections: Closed before the banner. The connection ends without a banner. The
// sender treats this as a 451 (§3.8).
func (h *Host) CloseConnections(values ...Values) {
	h.t.Helper()
	h.apply("closeConnections", values)
}

// SilentConnections: Accepted, then silent. The server neither writes nor reads. The
// sender must time out, after 5 minutes for the banner (§4.5.3.2.1).
func (h *Host) SilentConnections(values ...Values) {
	h.t.Helper()
	h.apply("silentConnections", values)
}

// Outage: The banner is 421. The service is temporarily unavailable. The sender tries
// the next MX, otherwise it keeps the mail in its queue (§3.8, §4.5.4.1). Haraka defers
// without trying the next MX, and OpenSMTPD does so while it has an idle connection to
// this one.
//
// Values, with their defaults:
//   - code (421): the reply code
//   - message ("4.3.2 Busy"): the text
func (h *Host) Outage(values ...Values) {
	h.t.Helper()
	h.apply("outage", values)
}

// NoService: The banner is 554. The host provides no SMTP service. Every command except
// QUIT then gets 503 (§3.1). A sender should try the next MX, and bounce only when all
// have refused; only Haraka bounces at once. With one MX, Postfix and OpenSMTPD defer,
// while Exim, sendmail, Haraka and dma bounce.
//
// Values, with their defaults:
//   - code (554): the reply code
//   - message ("No SMTP service here"): the text
func (h *Host) NoService(values ...Values) {
	h.t.Helper()
	h.apply("noService", values)
}

// NoMailHere: The banner is 521. The host never accepts mail (RFC 7504 §3). A sender
// tries the next MX, and returns the mail at once if all reply 521. In practice,
// senders treat 521 as 554.
//
// Values, with their defaults:
//   - code (521): the reply code
//   - message ("mx.there.test does not accept mail"): the text
func (h *Host) NoMailHere(values ...Values) {
	h.t.Helper()
	h.apply("noMailHere", values)
}

// LongBanner: A banner of several lines. All lines except the last begin with `220-`. A
// sender must not send EHLO before the last one (§4.2.1).
//
// Values, with their defaults:
//   - message ("mx.there.test ESMTP\nNo spam\nAll is recorded"): the lines
func (h *Host) LongBanner(values ...Values) {
	h.t.Helper()
	h.apply("longBanner", values)
}

// SlowBanner: A slow banner on some connections. 30 % of the connections wait 30
// seconds; the host's `seed` decides which. A sender must wait 5 minutes (§4.5.3.2.1).
//
// Values, with their defaults:
//   - probability (0.3): the share of connections
//   - delay ("30s"): the time before the banner
func (h *Host) SlowBanner(values ...Values) {
	h.t.Helper()
	h.apply("slowBanner", values)
}

// DrippedBanner: A dripped banner. The banner arrives at one octet per second. The
// sender must assemble it, and its timeout should cover the whole banner.
//
// Values, with their defaults:
//   - interval ("1s"): the time per octet
func (h *Host) DrippedBanner(values ...Values) {
	h.t.Helper()
	h.apply("drippedBanner", values)
}

// OversizedBanner: A banner over 512 octets. The banner exceeds the maximum reply line
// (§4.5.3.1.5). A sender may accept it, or end the session; it must not overflow its
// buffer, or parse the rest as another reply.
func (h *Host) OversizedBanner(values ...Values) {
	h.t.Helper()
	h.apply("oversizedBanner", values)
}

// NonAsciiBanner: A non-ASCII banner. The text is Latin-1, which is invalid UTF-8. Only
// the code matters (§4.2).
func (h *Host) NonAsciiBanner(values ...Values) {
	h.t.Helper()
	h.apply("nonAsciiBanner", values)
}

// JunkBeforeBanner: Junk before the banner. The first line is not a reply. Postfix and
// sendmail skip it and deliver; Exim and OpenSMTPD try the next MX; Haraka bounces.
func (h *Host) JunkBeforeBanner(values ...Values) {
	h.t.Helper()
	h.apply("junkBeforeBanner", values)
}

// NoEhlo: EHLO is unknown. EHLO gets 502, or 500 from older hosts. The sender must send
// HELO, and use no extension (§3.2). dma bounces.
//
// Values, with their defaults:
//   - code (502): the reply code
//   - message ("5.5.1 What is EHLO?"): the text
func (h *Host) NoEhlo(values ...Values) {
	h.t.Helper()
	h.apply("noEhlo", values)
}

// EhloOutage: EHLO gets 421. The service shuts down and closes the connection (§3.8).
// The mail stays in the queue.
//
// Values, with their defaults:
//   - code (421): the reply code
//   - message ("4.3.2 Going down"): the text
func (h *Host) EhloOutage(values ...Values) {
	h.t.Helper()
	h.apply("ehloOutage", values)
}

// ResetAtEhlo: Reset at EHLO. Some middleboxes reset connections on unknown commands. A
// sender may reconnect and send HELO; it must not bounce.
func (h *Host) ResetAtEhlo(values ...Values) {
	h.t.Helper()
	h.apply("resetAtEhlo", values)
}

// NoExtensions: No extensions. The EHLO reply contains only the name. The sender must
// not use parameters of extensions (§4.1.1.1).
func (h *Host) NoExtensions(values ...Values) {
	h.t.Helper()
	h.apply("noExtensions", values)
}

// OtherExtensionsUnderTls: Other extensions under TLS. The sender must discard the EHLO
// reply that it got in clear (RFC 3207 §4.2).
//
// Values, with their defaults:
//   - beforeTls (["PIPELINING", "SIZE 1000"]): the lines in clear
//   - underTls (["8BITMIME", "SIZE 5000000"]): the lines under TLS
func (h *Host) OtherExtensionsUnderTls(values ...Values) {
	h.t.Helper()
	h.apply("otherExtensionsUnderTls", values)
}

// UnusualKeywords: Unusual keywords. Keywords are case-insensitive (§2.4), and unknown
// or empty ones must be ignored (§4.1.1.1). Exim does not recognize PIPELINING, SIZE
// and DSN in lower case.
func (h *Host) UnusualKeywords(values ...Values) {
	h.t.Helper()
	h.apply("unusualKeywords", values)
}

// StarttlsDeferred: STARTTLS temporarily refused. EHLO offers STARTTLS, which gets 454.
// An opportunistic sender continues in clear, in the same session or another (RFC 3207
// §4); one that requires TLS retries later. Haraka never delivers.
//
// Values, with their defaults:
//   - code (454): the reply code
//   - message ("4.7.0 TLS not available"): the text
func (h *Host) StarttlsDeferred(values ...Values) {
	h.t.Helper()
	h.apply("starttlsDeferred", values)
}

// StarttlsRejected: STARTTLS permanently refused. EHLO offers STARTTLS, which gets 502.
// As above: the mail itself was not refused.
//
// Values, with their defaults:
//   - code (502): the reply code
//   - message ("5.5.1 Not implemented"): the text
func (h *Host) StarttlsRejected(values ...Values) {
	h.t.Helper()
	h.apply("starttlsRejected", values)
}

// CloseAtStarttls: Closed at STARTTLS. The connection closes instead of a reply. The
// sender reconnects, and delivers in clear only if its policy allows that.
func (h *Host) CloseAtStarttls(values ...Values) {
	h.t.Helper()
	h.apply("closeAtStarttls", values)
}

// CloseAfterStarttls: 220 to STARTTLS, then closed. The handshake cannot begin, and the
// sender cannot continue in clear on this connection. On another one, Exim and
// OpenSMTPD deliver in clear with the second session and Postfix with the third;
// sendmail and Haraka never do.
func (h *Host) CloseAfterStarttls(values ...Values) {
	h.t.Helper()
	h.apply("closeAfterStarttls", values)
}

// GarbageInsteadOfTls: 220 to STARTTLS, then garbage, once. The server sends text
// instead of the handshake, and the sender must not parse it as a reply. The second
// handshake would succeed: Postfix and sendmail use TLS again, Exim and OpenSMTPD retry
// in clear.
func (h *Host) GarbageInsteadOfTls(values ...Values) {
	h.t.Helper()
	h.apply("garbageInsteadOfTls", values)
}

// SilenceInsteadOfTls: 220 to STARTTLS, then silence. The server never answers the
// handshake. A sender needs a timeout for it too.
func (h *Host) SilenceInsteadOfTls(values ...Values) {
	h.t.Helper()
	h.apply("silenceInsteadOfTls", values)
}

// ObsoleteTls: Only obsolete versions of TLS. TLS 1.0 and 1.1 must not be used (RFC
// 8996), and many clients fail the handshake with an alert. On Debian 12, Postfix and
// Exim still deliver with TLS 1.1; OpenSMTPD delivers in clear, sendmail does not
// deliver.
//
// Values, with their defaults:
//   - minVersion ("TLSv1"): the lowest version
//   - maxVersion ("TLSv1.1"): the highest version
func (h *Host) ObsoleteTls(values ...Values) {
	h.t.Helper()
	h.apply("obsoleteTls", values)
}

// SelfSignedCertificate: A self-signed certificate. Opportunistic senders continue;
// those that verify must not (RFC 8461 §4.2). The same applies to the next three.
func (h *Host) SelfSignedCertificate(values ...Values) {
	h.t.Helper()
	h.apply("selfSignedCertificate", values)
}

// ExpiredCertificate: An expired certificate.
func (h *Host) ExpiredCertificate(values ...Values) {
	h.t.Helper()
	h.apply("expiredCertificate", values)
}

// WrongNameCertificate: A certificate for another name.
func (h *Host) WrongNameCertificate(values ...Values) {
	h.t.Helper()
	h.apply("wrongNameCertificate", values)
}

// UntrustedCertificate: A certificate of an unknown authority.
func (h *Host) UntrustedCertificate(values ...Values) {
	h.t.Helper()
	h.apply("untrustedCertificate", values)
}

// ClientCertificateRequired: A client certificate is required. The handshake fails
// without one. An opportunistic sender that has none delivers in clear: Exim with the
// second session, Postfix with the fourth; sendmail never does.
func (h *Host) ClientCertificateRequired(values ...Values) {
	h.t.Helper()
	h.apply("clientCertificateRequired", values)
}

// Starttls: The requested server name (SNI). The session's `tls.sni` contains the name;
// with MTA-STS and DANE it must be that of the MX (RFC 8461 §7.1, RFC 7672 §8.1).
func (h *Host) Starttls(values ...Values) {
	h.t.Helper()
	h.apply("starttls", values)
}

// InjectedAfter220: Plaintext injected after the server's 220. An attacker on the path
// could inject this. The sender must discard what arrived before the handshake (RFC
// 3207 §4.2), as Postfix and sendmail do; a sender that keeps it parses it as the reply
// to its EHLO under TLS. Exim detects it, closes, and delivers **in clear**.
func (h *Host) InjectedAfter220(values ...Values) {
	h.t.Helper()
	h.apply("injectedAfter220", values)
}

// InjectedByClient: Plaintext injected after the client's STARTTLS. Needs no behavior.
// The server discards it, and the transcript marks it: `"injected": true`. A sender
// must wait for the 220 (RFC 3207 §4).
func (h *Host) InjectedByClient(values ...Values) {
	h.t.Helper()
	h.apply("injectedByClient", values)
}

// NoEhloUnderTls: EHLO refused under TLS. EHLO succeeds in clear and gets 502 under
// TLS. The sender may send HELO; it must not use the EHLO reply that it got in clear.
//
// Values, with their defaults:
//   - code (502): the reply code
//   - message ("5.5.1 Not here"): the text
func (h *Host) NoEhloUnderTls(values ...Values) {
	h.t.Helper()
	h.apply("noEhloUnderTls", values)
}

// OutageUnderTls: 421 under TLS. The mail stays in the queue. The sender must not retry
// without TLS because of this reply.
//
// Values, with their defaults:
//   - code (421): the reply code
//   - message ("4.3.2 Too busy"): the text
func (h *Host) OutageUnderTls(values ...Values) {
	h.t.Helper()
	h.apply("outageUnderTls", values)
}

// Auth: Working mechanisms. The sender uses the strongest mechanism that it supports
// (RFC 4954 §4). For XOAUTH2 and OAUTHBEARER the token is the password.
//
// Values, with their defaults:
//   - mechanisms (["PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2", "OAUTHBEARER"]): the mechanisms
//   - users ({"bob": "s3cret"}): passwords by user
func (h *Host) Auth(values ...Values) {
	h.t.Helper()
	h.apply("auth", values)
}

// WrongPassword: A wrong password. Needs no behavior: any other password gets 535. The
// sender must not retry the same password repeatedly; the mail was not refused (RFC
// 4954 §6).
//
// Values, with their defaults:
//   - users ({"bob": "s3cret"}): passwords by user
func (h *Host) WrongPassword(values ...Values) {
	h.t.Helper()
	h.apply("wrongPassword", values)
}

// AuthOutage: An outage, switched on and off. `PUT /scenarios` with `{"outage":
// "down"}` begins the outage, `{"outage": "Started"}` ends it. After 454 the sender
// retries later (RFC 4954 §6).
//
// Values, with their defaults:
//   - code (454): the reply code
//   - message ("4.7.0 Temporary authentication failure"): the text
func (h *Host) AuthOutage(values ...Values) {
	h.t.Helper()
	h.apply("authOutage", values)
}

// PasswordTransition: A password transition is required. 432 asks the client to
// authenticate with PLAIN once, because the server needs the password to store it for
// the other mechanisms (RFC 4954 §6).
//
// Values, with their defaults:
//   - code (432): the reply code
//   - message ("4.7.12 A password transition is needed"): the text
func (h *Host) PasswordTransition(values ...Values) {
	h.t.Helper()
	h.apply("passwordTransition", values)
}

// WeakMechanism: A mechanism too weak for the user. PLAIN gets 534 (RFC 4954 §6); the
// sender uses another mechanism, or none.
//
// Values, with their defaults:
//   - code (534): the reply code
//   - message ("5.7.9 Mechanism is too weak"): the text
func (h *Host) WeakMechanism(values ...Values) {
	h.t.Helper()
	h.apply("weakMechanism", values)
}

// AuthRequired: AUTH required. MAIL without authentication gets 530 (RFC 4954 §6).
//
// Values, with their defaults:
//   - users ("any"): passwords by user, or `any`
func (h *Host) AuthRequired(values ...Values) {
	h.t.Helper()
	h.apply("authRequired", values)
}

// AuthOnlyUnderTls: AUTH only under TLS. AUTH is not offered in clear, and gets 538
// there. A sender must not send its password in clear (RFC 4954 §4).
func (h *Host) AuthOnlyUnderTls(values ...Values) {
	h.t.Helper()
	h.apply("authOnlyUnderTls", values)
}

// OneMechanism: A mechanism that is not offered. Needs no behavior: any other mechanism
// gets 504.
//
// Values, with their defaults:
//   - mechanisms (["PLAIN"]): the mechanisms
func (h *Host) OneMechanism(values ...Values) {
	h.t.Helper()
	h.apply("oneMechanism", values)
}

// MalformedChallenge: A challenge that is not base64. The sender must cancel the
// exchange with `*`, and gets 501 (RFC 4954 §4).
func (h *Host) MalformedChallenge(values ...Values) {
	h.t.Helper()
	h.apply("malformedChallenge", values)
}

// CloseDuringAuth: Closed during the exchange. The connection closes after the
// challenge. Neither the password nor the mail was refused.
func (h *Host) CloseDuringAuth(values ...Values) {
	h.t.Helper()
	h.apply("closeDuringAuth", values)
}

// SenderDeferred: A sender temporarily refused. After a 4yz the sender retries later
// (§4.2.1, §4.5.4.1).
//
// Values, with their defaults:
//   - code (451): the reply code
//   - message ("4.1.8 Can't look up your domain"): the text
func (h *Host) SenderDeferred(values ...Values) {
	h.t.Helper()
	h.apply("senderDeferred", values)
}

// SenderRejected: A sender permanently refused. After a 5yz the sender does not retry,
// and returns the mail (§4.2.1).
//
// Values, with their defaults:
//   - domain ("@spam.test"): end of the sender's address
//   - code (550): the reply code
//   - message ("5.7.1 We do not take your mail"): the text
func (h *Host) SenderRejected(values ...Values) {
	h.t.Helper()
	h.apply("senderRejected", values)
}

// ResetAtRcpt: Reset at RCPT. The sender treats this as a 451 (§3.8), and retries
// later.
func (h *Host) ResetAtRcpt(values ...Values) {
	h.t.Helper()
	h.apply("resetAtRcpt", values)
}

// EightBitRefused: Refused by a parameter of MAIL. Mail with 8-bit content is refused.
// A sender may encode it and retry (RFC 6152 §3).
//
// Values, with their defaults:
//   - code (554): the reply code
//   - message ("5.6.3 Conversion required"): the text
func (h *Host) EightBitRefused(values ...Values) {
	h.t.Helper()
	h.apply("eightBitRefused", values)
}

// NullSenderRefused: The null sender refused. Some hosts refuse it, which breaks
// bounces (§4.5.5 requires that it is accepted). A sender must not bounce a bounce that
// it cannot deliver (§6.1).
//
// Values, with their defaults:
//   - code (550): the reply code
//   - message ("5.7.1 No bounces"): the text
func (h *Host) NullSenderRefused(values ...Values) {
	h.t.Helper()
	h.apply("nullSenderRefused", values)
}

// FullMailbox: A full mailbox, and an oversized mail. The sender retries after 452 for
// one recipient, but not after 552 to the content.
//
// Values, with their defaults:
//   - recipient ("full@"): text that the recipient contains; null for all recipients
//   - code (452): the reply code
//   - message ("4.2.2 Mailbox full"): the text
//   - size ("1000000"): octets of the content from which it applies
func (h *Host) FullMailbox(values ...Values) {
	h.t.Helper()
	h.apply("fullMailbox", values)
}

// DifferentReplies: Recipients with different replies. One recipient gets the mail, one
// is retried, one is returned (§3.3, §4.5.4.1). No recipient gets two copies.
func (h *Host) DifferentReplies(values ...Values) {
	h.t.Helper()
	h.apply("differentReplies", values)
}

// UnknownRecipients: All recipients refused. A sender that pipelines has already sent
// DATA, which gets 554 (RFC 2920 §3.1). It sends no content, and one bounce.
//
// Values, with their defaults:
//   - code (550): the reply code
//   - message ("5.1.1 Unknown"): the text
func (h *Host) UnknownRecipients(values ...Values) {
	h.t.Helper()
	h.apply("unknownRecipients", values)
}

// TooManyRecipients: Too many recipients. The 101st recipient and all after it get 452.
// The sender delivers to the first 100, and to the others in another transaction, at
// once or later (§4.5.3.1.10).
//
// Values, with their defaults:
//   - accepted (100): accepted recipients
//   - code (452): the reply code
//   - message ("4.5.3 Too many recipients"): the text
func (h *Host) TooManyRecipients(values ...Values) {
	h.t.Helper()
	h.apply("tooManyRecipients", values)
}

// MovedRecipients: Moved, with and without forwarding. 251 accepts the mail and
// contains the new address; 551 refuses it and contains the new address (§3.4). The
// sender may ignore the address: it continues after 251 and bounces after 551.
func (h *Host) MovedRecipients(values ...Values) {
	h.t.Helper()
	h.apply("movedRecipients", values)
}

// CloseAfterMails: 421 and closed after 10 mails. The sender opens a new connection for
// the next mail (§3.8).
//
// Values, with their defaults:
//   - mails (10): mails per connection
//   - code (421): the reply code
//   - message ("4.7.0 Too many messages"): the text
func (h *Host) CloseAfterMails(values ...Values) {
	h.t.Helper()
	h.apply("closeAfterMails", values)
}

// StayOpenAfter421: 421 without closing. The server replies 421 but does not close. A
// sender must neither continue nor wait (§3.8).
//
// Values, with their defaults:
//   - code (421): the reply code
//   - message ("4.3.2 Closing"): the text
func (h *Host) StayOpenAfter421(values ...Values) {
	h.t.Helper()
	h.apply("stayOpenAfter421", values)
}

// SecondMailRefused: The second mail of a connection refused. Only the second mail is
// retried; the first was accepted.
//
// Values, with their defaults:
//   - code (451): the reply code
//   - message ("4.7.0 One mail at a time"): the text
func (h *Host) SecondMailRefused(values ...Values) {
	h.t.Helper()
	h.apply("secondMailRefused", values)
}

// RsetRefused: RSET refused. A sender that cannot be sure that the transaction has
// ended must open a new connection.
//
// Values, with their defaults:
//   - code (451): the reply code
//   - message ("4.3.0 Not now"): the text
func (h *Host) RsetRefused(values ...Values) {
	h.t.Helper()
	h.apply("rsetRefused", values)
}

// DataDeferred: DATA temporarily refused. DATA gets 451 instead of 354. The transaction
// ends, and no content follows (§4.1.1.4). BDAT is also refused, for senders that use
// it, such as Exim; its chunk has already been sent.
//
// Values, with their defaults:
//   - code (451): the reply code
//   - message ("4.3.0 Disk full"): the text
func (h *Host) DataDeferred(values ...Values) {
	h.t.Helper()
	h.apply("dataDeferred", values)
}

// DataRejected: DATA permanently refused. The sender returns the mail for all
// recipients. BDAT is also refused, as above.
//
// Values, with their defaults:
//   - code (554): the reply code
//   - message ("5.7.1 No content"): the text
func (h *Host) DataRejected(values ...Values) {
	h.t.Helper()
	h.apply("dataRejected", values)
}

// DataGets250: DATA gets 250. Without a 354 the content must not be sent (§4.3.2).
// Postfix and sendmail bounce. CHUNKING is not offered, because 250 is the correct
// reply to BDAT.
func (h *Host) DataGets250(values ...Values) {
	h.t.Helper()
	h.apply("dataGets250", values)
}

// ReplyDuringContent: A reply during the content. The server replies 552 after 64 KiB
// of content, and not after its end. A sender may stop and close, or send the content
// to its end.
//
// Values, with their defaults:
//   - size ("65536"): octets of the content from which it applies
//   - code (552): the reply code
//   - message ("5.3.4 Enough"): the text
func (h *Host) ReplyDuringContent(values ...Values) {
	h.t.Helper()
	h.apply("replyDuringContent", values)
}

// CloseDuringContent: Closed during the content. The server keeps nothing; the sender
// retries later (§4.5.3.2.5).
//
// Values, with their defaults:
//   - size ("65536"): octets of the content from which it applies
func (h *Host) CloseDuringContent(values ...Values) {
	h.t.Helper()
	h.apply("closeDuringContent", values)
}

// StopReadingContent: Content no longer read. The sender's buffers fill, and its write
// blocks. It must time out after 3 minutes (§4.5.3.2.5).
//
// Values, with their defaults:
//   - size ("65536"): octets of the content from which it applies
func (h *Host) StopReadingContent(values ...Values) {
	h.t.Helper()
	h.apply("stopReadingContent", values)
}

// ContentRefused: Refused by content, permanently and temporarily. After the content,
// 554 makes the sender return the mail, 451 makes it retry (§4.2.1).
//
// Values, with their defaults:
//   - virus ("EICAR"): text that is rejected
//   - spam ("viagra"): text that is deferred
func (h *Host) ContentRefused(values ...Values) {
	h.t.Helper()
	h.apply("contentRefused", values)
}

// HeaderRefused: Refused by a header field, without authentication. The template
// inserts the header field into the reply; control characters become spaces.
func (h *Host) HeaderRefused(values ...Values) {
	h.t.Helper()
	h.apply("headerRefused", values)
}

// DataWithoutRecipient: DATA accepted without a valid recipient. A server may reply 354
// although it refused all recipients. A sender that has pipelined must send only the
// dot, and gets 554 (RFC 2920 §3.1).
func (h *Host) DataWithoutRecipient(values ...Values) {
	h.t.Helper()
	h.apply("dataWithoutRecipient", values)
}

// KeepThenReset: Kept, then reset, once. The server has the mail, but the sender does
// not know. It must retry, which gives two copies with one Message-ID.
func (h *Host) KeepThenReset(values ...Values) {
	h.t.Helper()
	h.apply("keepThenReset", values)
}

// KeepThenClose: Kept, then closed. The same with an orderly close. dma loops on the
// closed socket; all others deliver again.
func (h *Host) KeepThenClose(values ...Values) {
	h.t.Helper()
	h.apply("keepThenClose", values)
}

// KeepThenHang: Kept, then silent. The same, after the sender's timeout.
func (h *Host) KeepThenHang(values ...Values) {
	h.t.Helper()
	h.apply("keepThenHang", values)
}

// KeepThenReplyLate: Kept, then a late 250. The reply takes 9 minutes; a sender must
// wait 10 (§4.5.3.2.6).
//
// Values, with their defaults:
//   - delay ("9m"): the time before the reply
func (h *Host) KeepThenReplyLate(values ...Values) {
	h.t.Helper()
	h.apply("keepThenReplyLate", values)
}

// AcceptAndLose: 250, but lost. The sender cannot detect this. Use it to test delivery
// monitoring.
//
// Values, with their defaults:
//   - text ("X-Drop: yes"): text that the content contains; null for all mails
func (h *Host) AcceptAndLose(values ...Values) {
	h.t.Helper()
	h.apply("acceptAndLose", values)
}

// KeepAndRefuse: An error, but kept. Each attempt creates another copy.
//
// Values, with their defaults:
//   - code (451): the reply code
//   - message ("4.4.2 Timeout"): the text
func (h *Host) KeepAndRefuse(values ...Values) {
	h.t.Helper()
	h.apply("keepAndRefuse", values)
}

// CloseAfter250: 250, then closed before QUIT. The mail is delivered; the sender must
// not send it again.
func (h *Host) CloseAfter250(values ...Values) {
	h.t.Helper()
	h.apply("closeAfter250", values)
}

// MalformedReplies: An empty line, two digits, no text, LF, NUL. The replies are sent
// in turn. `250` alone, and a line that ends with LF, should be accepted (§4.2);
// Postfix, Exim and sendmail also parse the reply with NUL as 250.
func (h *Host) MalformedReplies(values ...Values) {
	h.t.Helper()
	h.apply("malformedReplies", values)
}

// ChangingCode: The code changes within a reply. All lines must have the same code
// (§4.2.1). The code of the last line should be used, with caution.
func (h *Host) ChangingCode(values ...Values) {
	h.t.Helper()
	h.apply("changingCode", values)
}

// UnfinishedReply: A reply without its last line. The sender waits for another line,
// and needs a timeout. With `"close"` instead of `"hang"` the connection closes.
func (h *Host) UnfinishedReply(values ...Values) {
	h.t.Helper()
	h.apply("unfinishedReply", values)
}

// EndlessReply: A reply that never ends. Another line arrives every minute, so a
// timeout per line never expires.
func (h *Host) EndlessReply(values ...Values) {
	h.t.Helper()
	h.apply("endlessReply", values)
}

// OversizedReply: A reply over 2 KB. The reply is one line; the maximum is 512 octets
// (§4.5.3.1.5).
func (h *Host) OversizedReply(values ...Values) {
	h.t.Helper()
	h.apply("oversizedReply", values)
}

// MeaninglessCodes: Meaningless codes. 850 and 199 are not reply codes, and 354 is not
// valid here (§4.2.1, §4.3.2). Of an unexpected 5yz or 4yz, the first digit decides. To
// 850, Postfix, sendmail and Haraka bounce; Exim, OpenSMTPD and dma defer. To 199 and
// 354, Postfix and sendmail bounce, Exim defers.
func (h *Host) MeaninglessCodes(values ...Values) {
	h.t.Helper()
	h.apply("meaninglessCodes", values)
}

// ContradictoryCodes: A contradictory enhanced code. The first digit of the reply code
// decides (RFC 2034 §4 requires that both agree).
func (h *Host) ContradictoryCodes(values ...Values) {
	h.t.Helper()
	h.apply("contradictoryCodes", values)
}

// ExtraReply: One extra reply. A sender that does not notice it then assigns each reply
// to the previous command, as Exim does. Postfix and sendmail bounce.
func (h *Host) ExtraReply(values ...Values) {
	h.t.Helper()
	h.apply("extraReply", values)
}

// OctetByOctet: A reply sent octet by octet. A sender must not parse a packet as a
// line.
//
// Values, with their defaults:
//   - interval ("1ms"): the time per octet
func (h *Host) OctetByOctet(values ...Values) {
	h.t.Helper()
	h.apply("octetByOctet", values)
}

// TwoRepliesAtOnce: Two replies in one packet. The reply to MAIL is sent together with
// the reply to RCPT. A sender that pipelines gets both (RFC 2920 §3.1); others wait
// until their timeout.
func (h *Host) TwoRepliesAtOnce(values ...Values) {
	h.t.Helper()
	h.apply("twoRepliesAtOnce", values)
}

// NoPipelining: Without PIPELINING. A sender must wait for each reply (RFC 2920 §3.1).
// The transcript marks one that does not: `"pipelined": true`.
func (h *Host) NoPipelining(values ...Values) {
	h.t.Helper()
	h.apply("noPipelining", values)
}

// BdatRefused: BDAT out of order. BDAT gets 503. The transaction ends, and pipelined
// chunks are refused (RFC 3030 §2).
//
// Values, with their defaults:
//   - code (503): the reply code
//   - message ("5.5.1 Not now"): the text
func (h *Host) BdatRefused(values ...Values) {
	h.t.Helper()
	h.apply("bdatRefused", values)
}

// SecondChunkRefused: The second chunk refused. The second chunk of a mail is refused.
// Further chunks get 503.
//
// Values, with their defaults:
//   - code (452): the reply code
//   - message ("4.3.1 Disk full"): the text
func (h *Host) SecondChunkRefused(values ...Values) {
	h.t.Helper()
	h.apply("secondChunkRefused", values)
}

// CloseDuringChunk: Closed during a chunk. `DATA CONTENT` also applies to chunks. With
// a `code` instead of `then`, the reply is sent during the chunk, and its rest is
// discarded.
//
// Values, with their defaults:
//   - size ("1000"): octets of the content from which it applies
func (h *Host) CloseDuringChunk(values ...Values) {
	h.t.Helper()
	h.apply("closeDuringChunk", values)
}

// NoChunking: Without CHUNKING. The sender uses DATA; BDAT gets 502.
func (h *Host) NoChunking(values ...Values) {
	h.t.Helper()
	h.apply("noChunking", values)
}

// SizeLimit: A small size limit. EHLO advertises the limit, and MAIL with a larger
// `SIZE=` gets 552: no content is sent (RFC 1870 §6).
//
// Values, with their defaults:
//   - size (1000): octets
func (h *Host) SizeLimit(values ...Values) {
	h.t.Helper()
	h.apply("sizeLimit", values)
}

// FalseSizeLimit: A false size limit. EHLO advertises 10 MB, but content over 1 KB gets
// 552. The sender returns the mail.
//
// Values, with their defaults:
//   - size ("1000"): octets of the content from which it applies
//   - code (552): the reply code
//   - message ("5.3.4 Too big"): the text
func (h *Host) FalseSizeLimit(values ...Values) {
	h.t.Helper()
	h.apply("falseSizeLimit", values)
}

// SevenBit: Without 8BITMIME and SMTPUTF8. 8-bit content must be encoded or returned
// (RFC 6152 §3), and a mail with a UTF-8 address returned (RFC 6531 §3.2). Postfix and
// sendmail encode the content; Exim and OpenSMTPD send it as it is. Postfix returns the
// mail with a UTF-8 address; Exim rewrites the local part to `xn--…` and delivers.
func (h *Host) SevenBit(values ...Values) {
	h.t.Helper()
	h.apply("sevenBit", values)
}

// Dsn: DSN. The parameters are kept as sent, including xtext (RFC 3461 §4).
func (h *Host) Dsn(values ...Values) {
	h.t.Helper()
	h.apply("dsn", values)
}

// RareExtensions: Rare extensions. REQUIRETLS (RFC 8689), MT-PRIORITY (RFC 6710),
// FUTURERELEASE (RFC 4865), DELIVERBY (RFC 2852): the parameters are kept with the
// mail.
//
// Values, with their defaults:
//   - capabilities (["REQUIRETLS", "MT-PRIORITY MIXER", "DELIVERBY 240", "FUTURERELEASE 86400 2030-01-01T00:00:00Z"]): the lines of the EHLO reply
func (h *Host) RareExtensions(values ...Values) {
	h.t.Helper()
	h.apply("rareExtensions", values)
}

// Greylist: Greylisting. Each triplet of client, sender and recipient gets 450 for 5
// minutes, and is then accepted for a day (RFC 6647 §2).
//
// Values, with their defaults:
//   - activeFor ("5m"): how long each triplet is refused
//   - window ("24h"): how long a triplet is remembered
//   - code (450): the reply code
//   - message ("4.2.0 Greylisted"): the text
func (h *Host) Greylist(values ...Values) {
	h.t.Helper()
	h.apply("greylist", values)
}

// BusyThenSuccess: 450, 450, 451, then success. Each recipient has its own count.
func (h *Host) BusyThenSuccess(values ...Values) {
	h.t.Helper()
	h.apply("busyThenSuccess", values)
}

// AlwaysDeferred: Failing until the sender gives up. After several days the sender must
// return the mail (§4.5.4.1).
//
// Values, with their defaults:
//   - recipient ("never@"): text that the recipient contains; null for all recipients
//   - code (451): the reply code
//   - message ("4.3.0 Not today"): the text
func (h *Host) AlwaysDeferred(values ...Values) {
	h.t.Helper()
	h.apply("alwaysDeferred", values)
}

// ConnectionLimit: One connection at a time. Further connections get 421. A sender must
// continue with one connection.
//
// Values, with their defaults:
//   - connections (1): open connections
func (h *Host) ConnectionLimit(values ...Values) {
	h.t.Helper()
	h.apply("connectionLimit", values)
}

// MailsPerConnection: Two mails on each connection. As 421 and closed after 10 mails,
// but as a limit of the host.
//
// Values, with their defaults:
//   - mails (2): mails per connection
func (h *Host) MailsPerConnection(values ...Values) {
	h.t.Helper()
	h.apply("mailsPerConnection", values)
}

// RateLimit: 100 mails per minute. The limit applies per client. The sender slows down,
// or retries later.
//
// Values, with their defaults:
//   - mails (100): mails per client and window
//   - window ("1m"): the time
//   - code (450): the reply code
//   - message ("4.7.1 Rate limited"): the text
func (h *Host) RateLimit(values ...Values) {
	h.t.Helper()
	h.apply("rateLimit", values)
}

// FirstMailsRefused: Counts per client. `GET /smtpBehaviors/first-two` returns how
// often each client was refused, in `keys`.
//
// Values, with their defaults:
//   - mails (2): refused mails per client
//   - code (450): the reply code
//   - message ("4.7.1 Come again"): the text
func (h *Host) FirstMailsRefused(values ...Values) {
	h.t.Helper()
	h.apply("firstMailsRefused", values)
}

// ThirdMailRefused: Several mails on a connection. Needs no document. The target
// `messageCount` is the number of mails of the connection. This behavior refuses the
// third mail and all after it:
//
// Values, with their defaults:
//   - mails ("2"): accepted mails
//   - code (450): the reply code
//   - message ("4.7.0 Come on another connection"): the text
func (h *Host) ThirdMailRefused(values ...Values) {
	h.t.Helper()
	h.apply("thirdMailRefused", values)
}

// IdleTime: Closed while the connection is idle. A sender that keeps connections open
// must deliver the mail on a new one, without deferring it.
//
// Values, with their defaults:
//   - time ("10s"): the time without a command
func (h *Host) IdleTime(values ...Values) {
	h.t.Helper()
	h.apply("idleTime", values)
}

// CloseLater: Closed a while after each mail. The server closes 2 seconds after the
// 250, without a 421.
//
// Values, with their defaults:
//   - delay ("2s"): the time after the reply
func (h *Host) CloseLater(values ...Values) {
	h.t.Helper()
	h.apply("closeLater", values)
}

// DelaysEverywhere: Delays at every stage. Each reply arrives shortly before the
// minimum timeout of a sender (§4.5.3.2). `DATA COMMAND` is for senders that use DATA;
// `DATA` also decides the reply to `BDAT … LAST`.
func (h *Host) DelaysEverywhere(values ...Values) {
	h.t.Helper()
	h.apply("delaysEverywhere", values)
}

// Tarpit: A tarpit. Replies to the clients of a network are delayed and dripped.
//
// Values, with their defaults:
//   - network ("127.0.0.0/8"): the clients' network
//   - median (200): milliseconds
//   - maxValue (900): milliseconds at most
//   - interval ("20ms"): the time per octet
func (h *Host) Tarpit(values ...Values) {
	h.t.Helper()
	h.apply("tarpit", values)
}

// GmailBusy: Gmail: server busy. Temporary: the sender tries the next MX, or retries
// later.
func (h *Host) GmailBusy(values ...Values) {
	h.t.Helper()
	h.apply("gmailBusy", values)
}

// GmailRateLimit: Gmail: rate limit for a client. The client has sent more than 100
// mails within an hour. The sender slows down; more connections do not help.
//
// Values, with their defaults:
//   - mails (100): mails that are accepted within the window
//   - window ("1h"): the time
func (h *Host) GmailRateLimit(values ...Values) {
	h.t.Helper()
	h.apply("gmailRateLimit", values)
}

// GmailConnectionExpired: Gmail: connection expired. The connection has carried 10
// mails. The sender opens another for the next one, without deferring it.
//
// Values, with their defaults:
//   - mails (10): mails per connection
func (h *Host) GmailConnectionExpired(values ...Values) {
	h.t.Helper()
	h.apply("gmailConnectionExpired", values)
}

// GmailRecipientRateLimit: Gmail: rate limit for a recipient. A recipient gets more
// than 10 mails within a minute. Other recipients are accepted.
//
// Values, with their defaults:
//   - mails (10): mails that are accepted within the window
//   - window ("1m"): the time
func (h *Host) GmailRecipientRateLimit(values ...Values) {
	h.t.Helper()
	h.apply("gmailRecipientRateLimit", values)
}

// GmailFullMailbox: Gmail: full mailbox. Temporary. (An inbox that is full and inactive
// gets `552 5.2.2`.)
//
// Values, with their defaults:
//   - recipient ("full@"): text that the recipient contains; null for all recipients
func (h *Host) GmailFullMailbox(values ...Values) {
	h.t.Helper()
	h.apply("gmailFullMailbox", values)
}

// GmailUnknownRecipient: Gmail: unknown recipient. Permanent: the sender returns the
// mail, and does not retry.
//
// Values, with their defaults:
//   - recipient ("nobody@"): text that the recipient contains; null for all recipients
func (h *Host) GmailUnknownRecipient(values ...Values) {
	h.t.Helper()
	h.apply("gmailUnknownRecipient", values)
}

// GmailTooManyRecipients: Gmail: too many recipients. The 101st recipient and all after
// it get 452; the sender delivers to them in another transaction (§4.5.3.1.10).
//
// Values, with their defaults:
//   - accepted (100): accepted recipients
func (h *Host) GmailTooManyRecipients(values ...Values) {
	h.t.Helper()
	h.apply("gmailTooManyRecipients", values)
}

// GmailTlsRequired: Gmail: TLS required. The recipient's domain accepts no mail in
// clear.
func (h *Host) GmailTlsRequired(values ...Values) {
	h.t.Helper()
	h.apply("gmailTlsRequired", values)
}

// GmailNoDkim: Gmail: no DKIM. A mail without a signature is returned.
func (h *Host) GmailNoDkim(values ...Values) {
	h.t.Helper()
	h.apply("gmailNoDkim", values)
}

// GmailNotAligned: Gmail: From not aligned. The page lists 421 with the enhanced code
// 5.7.32. The first digit of the reply code decides, see A contradictory enhanced code:
// the sender retries.
func (h *Host) GmailNotAligned(values ...Values) {
	h.t.Helper()
	h.apply("gmailNotAligned", values)
}

// GmailLowReputation: Gmail: low reputation. Permanent, by the reputation of the
// sending domain.
func (h *Host) GmailLowReputation(values ...Values) {
	h.t.Helper()
	h.apply("gmailLowReputation", values)
}

// GmailNoMessageId: Gmail: no Message-ID. Permanent, for a mail whose header has no
// Message-ID.
func (h *Host) GmailNoMessageId(values ...Values) {
	h.t.Helper()
	h.apply("gmailNoMessageId", values)
}

// OutlookRateLimit: Outlook.com: rate limit for a client. The client has sent more than
// 100 mails within an hour.
//
// Values, with their defaults:
//   - mails (100): mails that are accepted within the window
//   - window ("1h"): the time
func (h *Host) OutlookRateLimit(values ...Values) {
	h.t.Helper()
	h.apply("outlookRateLimit", values)
}

// OutlookConnectionRateLimit: Outlook.com: rate limit for a connection. The connection
// has carried 10 mails. The sender opens another.
//
// Values, with their defaults:
//   - mails (10): mails per connection
func (h *Host) OutlookConnectionRateLimit(values ...Values) {
	h.t.Helper()
	h.apply("outlookConnectionRateLimit", values)
}

// OutlookTooManyConnections: Outlook.com: too many connections. The client has opened
// more than 10 connections within a minute. The sender continues with fewer.
//
// Values, with their defaults:
//   - connections (10): connections within the window
//   - window ("1m"): the time
func (h *Host) OutlookTooManyConnections(values ...Values) {
	h.t.Helper()
	h.apply("outlookTooManyConnections", values)
}

// OutlookNotAuthenticated: Outlook.com: not authenticated. Permanent, for domains that
// send over 5,000 mails per day without SPF, DKIM and DMARC.
func (h *Host) OutlookNotAuthenticated(values ...Values) {
	h.t.Helper()
	h.apply("outlookNotAuthenticated", values)
}

// OutlookBlocked: Outlook.com: blocked. Permanent, by content or reputation.
func (h *Host) OutlookBlocked(values ...Values) {
	h.t.Helper()
	h.apply("outlookBlocked", values)
}

// OutlookUnknownRecipient: Outlook.com: unknown recipient. Permanent, for recipients at
// hotmail.com and outlook.com.
//
// Values, with their defaults:
//   - recipient ("nobody@"): text that the recipient contains; null for all recipients
func (h *Host) OutlookUnknownRecipient(values ...Values) {
	h.t.Helper()
	h.apply("outlookUnknownRecipient", values)
}

// Microsoft365Greylist: Microsoft 365: greylisting of a client. Microsoft calls it IP
// throttling, a kind of greylisting: a client whose volume changes is deferred, here
// for 10 minutes.
//
// Values, with their defaults:
//   - activeFor ("10m"): how long each client is refused
//   - window ("24h"): how long a client is remembered
func (h *Host) Microsoft365Greylist(values ...Values) {
	h.t.Helper()
	h.apply("microsoft365Greylist", values)
}

// Microsoft365RecipientRateLimit: Microsoft 365: rate limit for a recipient. A
// recipient gets more than 10 mails within a minute. 432 is not a code of RFC 5321; its
// first digit decides (§4.2.1).
//
// Values, with their defaults:
//   - mails (10): mails that are accepted within the window
//   - window ("1m"): the time
func (h *Host) Microsoft365RecipientRateLimit(values ...Values) {
	h.t.Helper()
	h.apply("microsoft365RecipientRateLimit", values)
}

// Microsoft365Blocked: Microsoft 365: blocked client. Permanent. The enhanced code is
// one of 5.7.606 to 5.7.649.
func (h *Host) Microsoft365Blocked(values ...Values) {
	h.t.Helper()
	h.apply("microsoft365Blocked", values)
}

// Microsoft365RelayDenied: Microsoft 365: relay denied. Permanent: the server does not
// accept mail for the recipient's domain.
//
// Values, with their defaults:
//   - recipient ("@else.test"): text that the recipient contains; null for all recipients
func (h *Host) Microsoft365RelayDenied(values ...Values) {
	h.t.Helper()
	h.apply("microsoft365RelayDenied", values)
}

// YahooDeferred: Yahoo: deferred. The client is refused for an hour.
//
// Values, with their defaults:
//   - activeFor ("1h"): how long each client is refused
func (h *Host) YahooDeferred(values ...Values) {
	h.t.Helper()
	h.apply("yahooDeferred", values)
}

// YahooDeferredForGood: Yahoo: deferred for good. The code is temporary, the text is
// not. The sender retries until it gives up.
func (h *Host) YahooDeferredForGood(values ...Values) {
	h.t.Helper()
	h.apply("yahooDeferredForGood", values)
}

// YahooUnknownRecipient: Yahoo: unknown recipient. Permanent, and after the content, as
// the example says: `failed after I sent the message`.
//
// Values, with their defaults:
//   - recipient ("nobody@"): text that the recipient contains; null for all recipients
func (h *Host) YahooUnknownRecipient(values ...Values) {
	h.t.Helper()
	h.apply("yahooUnknownRecipient", values)
}

// GmxBlockList: GMX: on a block list. Permanent. The last line contains the address of
// an explanation.
func (h *Host) GmxBlockList(values ...Values) {
	h.t.Helper()
	h.apply("gmxBlockList", values)
}

// ComcastTooManyConnections: Comcast: too many connections. The page allows 25
// simultaneous connections; here the 26th within a minute is refused.
//
// Values, with their defaults:
//   - connections (25): connections within the window
//   - window ("1m"): the time
func (h *Host) ComcastTooManyConnections(values ...Values) {
	h.t.Helper()
	h.apply("comcastTooManyConnections", values)
}

// ComcastNoReverseDns: Comcast: no reverse DNS. Temporary: `can be retried`, says the
// page.
func (h *Host) ComcastNoReverseDns(values ...Values) {
	h.t.Helper()
	h.apply("comcastNoReverseDns", values)
}
