package config

// Template is the text of a new mailscript.toml: one account to fill in, and a
// comment on every key.
func Template() string { return template }

const template = `# mailscript.toml: accounts, secrets and limits of the scripts in this folder and below.
# A line such as "# key = value" is a setting that is not made; remove the # to make it.

[account.default]                                # smtp.connect() without a name takes this one
host = "smtp.example.org"                        # the server's name or IP address
# service = "gmail"                              # or a well-known service, in place of host
# region = "eu-west-1"                           # where a service has regions, as amazon-ses has
port = 465                                       # 465, 587 or 25; default 465 with tls = "implicit", else 587
# tls = "implicit"                               # "implicit" (default on 465), "starttls" (default elsewhere), "opportunistic" or "off"

username = "reports@example.org"                 # who to log in as
password_env = "SMTP_PASSWORD"                   # the password is in an environment variable,
# password_command = "pass show smtp/reports"    # or on the first line that a command prints; the shell runs it in this folder,
# password_file = "~/.smtp-password"             # or on the first line of a file with permissions 0600,
# keyring = true                                 # or in the desktop's keyring, under the host and the username,
# keyring = { service = "mail", user = "ann" }   # or under other names,
# prompt = true                                  # or is asked for at the terminal,
# password = "not a good place"                  # or stands here, where everybody who reads this file sees it
# mechanism = "PLAIN"                            # how to log in; default the strongest that both sides have
# auth_min = "SCRAM-SHA-256"                     # the weakest mechanism to take for the password
# channel_binding = "tls-exporter"               # what SCRAM with -PLUS binds to: this, or "tls-server-end-point"
# auth_in_clear = true                           # log in without encryption too: the password is sent readable

# local_name = "client.example.org"              # what EHLO says; default this machine's name or address
# source_address = "192.0.2.1"                   # the address of this machine to connect from
# proxy = "socks5://proxy.example.org:1080"      # or "http://…"; with user:password@ in front of the host where it wants a log-in
# socket = "/var/run/dovecot/lmtp"               # a unix socket, in place of host
# protocol = "lmtp"                              # "smtp", or "lmtp" for the last hop into mailboxes
# ca = "ca.pem"                                  # authorities to trust in place of the system's
# client_certificate = "client.pem"              # a certificate to show to the server,
# client_key = "client.key"                      # and its private key
# pins = ["sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="]  # the server's public key must be one of these

# [account.default.oauth2]                       # access tokens in place of a password; docs/accounts.md says how to begin
# service = "microsoft"                          # or "gmail": who gives out the tokens; default after the account's service
# token_url = "https://login.example.org/token"  # or the token endpoint of another one
# tenant = "example.org"                         # of Microsoft: the directory's ID or a domain of it; default "common"
# client_id = "0a1b2c3d"                         # what the service calls this program
# client_secret_command = "pass show smtp/client"  # where the service gave out a client secret too: a command prints it,
# client_secret_env = "CLIENT_SECRET"            # or it is in the environment,
# client_secret_file = "client.secret"           # or on the first line of a file with permissions 0600,
# client_secret_keyring = true                   # or in the desktop's keyring: service "mailscript", user "default client_secret",
# client_secret = "not a good place"             # or stands here
# token_file = "refresh.token"                   # a file with permissions 0600 that holds the refresh token; new ones are saved there
# refresh_token_command = "pass show smtp/token" # or it is somewhere where no new one can be saved: printed by a command,
# refresh_token_env = "REFRESH_TOKEN"            # or in the environment,
# refresh_token_file = "refresh.token"           # or in a file that is only read,
# refresh_token_keyring = true                   # or in the desktop's keyring: service "mailscript", user "default refresh_token",
# refresh_token = "not a good place"             # or stands here
# scope = "https://outlook.office.com/SMTP.Send offline_access"  # what the tokens are to be good for, where the service wants to hear it
# ca = "ca.pem"                                  # authorities of the token endpoint, in place of the system's

# [account.default.timeouts]                     # each is "5m" or a number of seconds, for the whole exchange
# connect = "30s"                                # TCP connection
# handshake = "60s"                              # TLS
# greeting = "5m"                                # until the server's first line
# command = "5m"                                 # EHLO, AUTH, MAIL, RCPT and others
# data = "2m"                                    # DATA until the server wants the message
# block = "3m"                                   # one write of message text
# message = "10m"                                # end of the message until the reply
# reset = "20s"                                  # RSET
# quit = "5s"                                    # QUIT

# [secret.crm]                                   # secret.get("crm") in a script; one of:
# command = "pass show crm"                      # the first line that a command prints
# env = "CRM_TOKEN"                              # an environment variable
# file = "crm.token"                             # the first line of a file with permissions 0600
# keyring = true                                 # the desktop's keyring: service "mailscript", user "crm"
# prompt = true                                  # asked for at the terminal

# [database.shop]                                # sql.open("shop") in a script
# url = "postgres://reports@db.example.org/shop" # or "mysql://…", or "sqlite:shop.db"
# password_command = "pass show db/shop"         # the password is on the first line that a command prints,
# password_env = "SHOP_PASSWORD"                 # or in an environment variable,
# password_file = "shop.password"                # or on the first line of a file with permissions 0600,
# keyring = true                                 # or in the desktop's keyring: service "mailscript", user "database shop",
# prompt = true                                  # or is asked for at the terminal
# connections = 4                                # at once

# [dkim.default]                                 # signs mail from the domain (DKIM, RFC 6376); several keys may sign the same mail
# domain = "example.org"                         # the public key stands at SELECTOR._domainkey.DOMAIN in the DNS
# selector = "s2026"                             # what the key is called there
# key_file = "dkim.pem"                          # the private key, RSA or Ed25519, in a PEM file with permissions 0600,
# key_command = "pass show dkim"                 # or printed by a command,
# key_env = "DKIM_KEY"                           # or in the environment,
# key_keyring = true                             # or in the desktop's keyring: service "mailscript", user "dkim default"
# headers = ["From", "To", "Subject", "Date"]    # the fields to sign; default all that matter
# canonicalization = "relaxed/simple"            # of header and body
# expiry = "14d"                                 # how long a signature is valid; default for ever
# accounts = ["default"]                         # sign what these accounts send; default all
# scope = "all"                                  # sign mail of other domains too; default "aligned"

# [job.weekly-sales]                             # a script that mailscript serve runs at certain times; docs/reports.md
# script = "weekly.lua"                          # in this folder
# args = ["--region", "north"]                   # its arg[1], arg[2] and so on
# cron = "0 7 * * MON"                           # minute, hour, day, month, weekday; or "@daily" and the like
# seconds = true                                 # cron has a field for the second before the others
# timezone = "Europe/Paris"                      # of the clock that cron speaks of; default "UTC"
# jitter = "2m"                                  # begin up to so much later, each period by an amount of its own
# days_off = ["SAT", "SUN", "2026-12-25"]        # no run on these; or the path of a file with one date a line
# missed = "once"                                # times that passed while nothing could run: "once" (default) runs the last, "skip", "all"
# max_late = "6h"                                # do not run a missed time that is longer ago
# overlap = "skip"                               # the last run is still there: "skip" (default), "queue" or "kill"
# timeout = "1h"                                 # end a run that takes longer; default 24 hours
# watchdog = "30s"                               # how long a run that was told to end may take to do so
# retries = { attempts = 3, wait = "5m", max_wait = "1h" }  # run a script again that failed before it sent anything
# in_doubt = "report"                            # runs during which mailscript died: "report" (default) or "rerun"
# deadline = "30m"                               # tell on_failure if the report is not out so long after its time
# on_failure = "ops@example.org"                 # who is told when a report did not go out; may be a list
# account = "default"                            # what the script and the notices send through

# [recipients]
# allow = ["example.org", "*.example.net"]       # the only domains that mail may go to, whatever a script says
`
