"""The vendor table, as data: what a vendor's secret begins with, and its whole shape.

A row costs nothing while its beginning is not in the text. Every quantifier is bounded. A new vendor is a new row here
and a row in tests/opsportal/privacy/corpus.py.
"""

# ruff: noqa: E501 - tables of patterns, which a broken line makes harder to read

import re
from typing import NamedTuple

from opsportal.privacy import kinds
from opsportal.privacy.kinds import Kind


class Vendor(NamedTuple):
    """One kind of token. `begins` are literal parts, one of which is in every such token, in any case."""

    name: str
    begins: tuple[str, ...]
    pattern: re.Pattern[str]
    kind: Kind = kinds.VENDOR


def _row(name: str, begins: str, pattern: str, kind: Kind = kinds.VENDOR) -> Vendor:
    return Vendor(name, tuple(begins.split()), re.compile(rf"(?<![A-Za-z0-9]){pattern}"), kind)


_HOST = r"(?:[\w-]{1,63}\.){0,4}"

VENDORS = (
    # Clouds
    _row("AWS key id", "akia asia abia acca", r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{12,20}(?![A-Za-z0-9])", kinds.CLOUD),
    _row("AWS session token", "igojb3jpz2 iqojb3jpz2 fwogzxivyxdz fqogzxivyxdz", r"(?:I[gQ]oJb3JpZ2|FwoGZXIvYXdz|FQoGZXIvYXdz)[\w+/=-]{16,2048}", kinds.CLOUD),
    _row("AWS Bedrock key", "absk bedrock-api-key-", r"(?:ABSK[A-Za-z0-9+/]{60,300}={0,2}|bedrock-api-key-[\w=-]{16,2048})", kinds.CLOUD),
    _row("Google API key", "aiza", r"AIza[\w-]{30,40}", kinds.CLOUD),
    _row("Google OAuth token", "ya29.", r"ya29\.[\w.-]{16,1024}", kinds.CLOUD),
    _row("Google client secret", "gocspx-", r"GOCSPX-[\w-]{16,64}", kinds.CLOUD),
    _row("Google refresh token", "1//0", r"1//0[\w-]{30,256}", kinds.CLOUD),
    _row("Google HMAC key", "goog1e", r"GOOG1E[A-Z0-9]{30,64}", kinds.CLOUD),
    _row("Azure storage key", "accountkey", r"(?i:AccountKey)\s{0,2}=\s{0,2}[A-Za-z0-9+/]{20,120}={0,2}", kinds.CLOUD),
    _row("Azure shared access key", "sharedaccess", r"(?i:SharedAccess(?:Key|Signature))\s{0,2}=\s{0,2}[A-Za-z0-9+/%]{16,400}={0,2}", kinds.CLOUD),
    _row("Azure client secret", "q~", r"[\w~.-]{3}\dQ~[\w~.-]{28,40}", kinds.CLOUD),
    _row("Azure DevOps token", "azdo", r"[A-Za-z0-9]{70,80}AZDO[A-Za-z0-9]{4}", kinds.CLOUD),
    _row("Alibaba key id", "ltai", r"LTAI[A-Za-z0-9]{16,24}", kinds.CLOUD),
    _row("Tencent key id", "akid", r"AKID[A-Za-z0-9]{28,40}", kinds.CLOUD),
    _row("Yandex key", "ajet aqvn", r"(?:ajet|AQVN)[\w-]{30,64}", kinds.CLOUD),
    _row("IBM API key", "apikey-v2-", r"apikey-v2-[\w-]{20,80}", kinds.CLOUD),
    _row("DigitalOcean", "do_v1_ dop_v1 doo_v1 dor_v1", r"do[opr]_v1_[A-Za-z0-9]{16,80}", kinds.CLOUD),
    _row("DigitalOcean spaces", "do00", r"DO00[A-Z0-9]{14,20}", kinds.CLOUD),
    _row("Scaleway", "scw", r"SCW[A-Z0-9]{17}", kinds.CLOUD),
    _row("Hetzner, Fly, Railway", "fm1_ fm2_ fo1_", r"(?:fm[12]|fo1)_[\w+/=-]{24,1024}", kinds.CLOUD),
    _row("Heroku", "hrku-", r"HRKU-[\w-]{24,80}", kinds.CLOUD),
    _row("Cloudflare origin key", "v1.0-", r"v1\.0-[a-f0-9]{24}-[a-f0-9]{100,160}", kinds.CLOUD),
    # Code
    _row("GitHub", "ghp_ gho_ ghu_ ghs_ ghr_", r"gh[pousr]_[A-Za-z0-9_]{16,255}"),
    _row("GitHub fine-grained", "github_pat_", r"github_pat_\w{16,255}"),
    _row("GitLab", "glpat- gldt- glrt- glptt- glft- glimt- glagent- gloas- glcbt- glsoat- glffct- glrtr- glwt-", r"gl(?:pat|dt|rt|ptt|ft|imt|agent|oas|cbt|soat|ffct|rtr|wt)-[\w.-]{16,255}"),
    _row("GitLab runner", "gr1348941", r"GR1348941[\w-]{16,64}"),
    _row("Bitbucket", "atbb atctt atatt", r"(?:ATBB|ATCTT3xF|ATATT3)[\w=-]{20,255}"),
    _row("npm", "npm_", r"npm_[A-Za-z0-9]{20,64}"),
    _row("PyPI", "pypi-", r"pypi-[A-Za-z0-9_-]{30,255}"),
    _row("Docker Hub", "dckr_", r"dckr_(?:pat|oat)_[\w-]{16,64}"),
    _row("RubyGems", "rubygems_", r"rubygems_[a-f0-9]{32,64}"),
    _row("crates.io", "cio", r"cio[A-Za-z0-9]{32}(?![A-Za-z0-9])"),
    _row("NuGet", "oy2", r"oy2[a-z0-9]{43}(?![a-z0-9])"),
    _row("JFrog", "akcp cmvmdgtu", r"(?:AKCp[A-Za-z0-9]{20,80}|cmVmdGtu[A-Za-z0-9]{40,80})"),
    _row("Clojars", "clojars_", r"CLOJARS_[a-z0-9]{40,80}"),
    _row("CircleCI", "ccipat_ ccipra_", r"CCIP(?:AT|RA)_[\w]{20,120}"),
    _row("Buildkite", "bkua_ bkaj_ bkct_", r"bk(?:ua|aj|ct)_[A-Za-z0-9]{20,64}"),
    _row("SonarQube", "sqp_ squ_ sqa_", r"sq[pua]_[a-f0-9]{32,48}"),
    _row("Sourcegraph", "sgp_", r"sgp_[a-zA-Z0-9_]{32,90}"),
    _row("Terraform Cloud", ".atlasv1.", r"[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{20,120}"),
    _row("Pulumi", "pul-", r"pul-[a-f0-9]{32,64}"),
    _row("Vercel, Netlify", "vcp_ nfp_ vercel_", r"(?:vcp_|vercel_|nfp_)[A-Za-z0-9_]{20,80}"),
    # Money
    _row("Stripe", "sk_live_ sk_test_ rk_live_ rk_test_ sk_org", r"[rs]k_(?:live|test|org_live|org)_[A-Za-z0-9]{10,255}"),
    _row("Webhook signing secret", "whsec_", r"whsec_[A-Za-z0-9+/=_-]{16,128}"),
    _row("Square", "sq0atp- sq0csp- eaaa", r"(?:sq0(?:atp|csp)-[\w-]{20,64}|EAAA[\w+=-]{56,80})"),
    _row("PayPal, Braintree", "access_token$", r"access_token\$(?:production|sandbox)\$[a-z0-9]{10,20}\$[a-f0-9]{32}"),
    _row("Shopify", "shpat_ shpca_ shppa_ shpss_ shptka_", r"shp(?:at|ca|pa|ss|tka)_[a-fA-F0-9]{16,64}"),
    _row("Flutterwave", "flwseck", r"FLWSECK(?:_TEST)?-[\w-]{12,80}"),
    _row("Plaid", "access-production- access-sandbox- access-development-", r"access-(?:sandbox|development|production)-[0-9a-f-]{30,40}"),
    _row("Adyen", "aqe", r"AQE[a-z]hm[\w+/=.-]{40,400}"),
    _row("Mollie, Razorpay, Paystack", "live_ rzp_", r"(?:live_[A-Za-z0-9]{30,40}|rzp_live_[A-Za-z0-9]{12,24})"),
    # Chat and mail
    _row("Slack", "xoxb- xoxp- xoxa- xoxr- xoxs- xoxo- xoxc- xoxd- xoxe- xoxe. xapp-", r"(?:xox[a-z][-.]|xapp-)[\w.%+/-]{10,400}"),
    _row("Slack webhook", "hooks.slack", r"(?:https?://)?hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/[\w/+-]{10,200}", kinds.WEBHOOK),
    _row("Discord webhook", "/api/webhooks/ /api/v", r"(?:https?://)?(?:[a-z]{2,8}\.)?discord(?:app)?\.com/api/(?:v\d{1,2}/)?webhooks/\d{5,24}/[\w-]{16,128}", kinds.WEBHOOK),
    _row("Teams webhook", "webhook.office.com logic.azure.com", rf"(?:https?://)?{_HOST}(?:webhook\.office|logic\.azure)\.com(?::\d{{2,5}})?/[\w./@?&=%~-]{{20,500}}", kinds.WEBHOOK),
    _row("Google Chat webhook", "chat.googleapis.com", r"(?:https?://)?chat\.googleapis\.com/v1/spaces/[\w-]{4,40}/messages\?[\w&=%.-]{20,300}", kinds.WEBHOOK),
    _row("Zapier and others", "hooks.zapier hook.eu hook.us hooks.chime webhook.site", r"(?:https?://)?(?:hooks\.zapier\.com/hooks/catch|hook\.[eu][us]\d{0,2}\.make\.com|hooks\.chime\.aws/incomingwebhooks)/[\w/?=&-]{8,200}", kinds.WEBHOOK),
    _row("Mattermost or Rocket webhook", "/hooks/", r"https?://[\w.:-]{3,128}/hooks/[A-Za-z0-9]{12,64}(?:/[A-Za-z0-9]{20,64})?(?![\w-])", kinds.WEBHOOK),
    _row("Ping address", "hc-ping.com", r"(?:https?://)?hc-ping\.com/[\w-]{20,64}", kinds.WEBHOOK),
    _row("Discord bot", ".", r"[MNO][A-Za-z\d_-]{23,27}\.[\w-]{6}\.[\w-]{27,40}(?![\w-])"),
    _row("Telegram", ":aa", r"(?:bot)?\d{7,11}:AA[\w-]{28,40}(?![\w-])"),
    _row("SendGrid", "sg.", r"SG\.[\w-]{12,40}\.[\w-]{12,80}"),
    _row("Sendinblue", "xkeysib- xsmtpsib-", r"x(?:keysib|smtpsib)-[a-f0-9]{32,80}-[A-Za-z0-9]{10,20}"),
    _row("Mailgun", "key-", r"key-[a-f0-9]{32}(?![a-f0-9])"),
    _row("Mailgun signing", "-us", r"[a-f0-9]{32}-us\d{1,2}(?!\w)"),
    _row("Twilio", "sk ac", r"(?:SK|AC)[0-9a-f]{32}(?![0-9a-f])"),
    _row("Postmark, Mandrill, Resend", "md- re_", r"(?:md-[\w-]{22}|re_[A-Za-z0-9]{6,12}_[A-Za-z0-9]{16,32})(?![\w-])"),
    _row("Facebook", "eaa", r"EAA[A-Za-z0-9]{60,300}"),
    _row("Intercom, HubSpot", "pat-na1- pat-eu1-", r"pat-(?:na|eu)\d-[a-f0-9-]{30,40}"),
    # Models
    _row("Anthropic", "sk-ant-", r"sk-ant-[\w-]{16,200}"),
    _row("OpenAI and others", "sk-", r"sk-(?!ant-)(?:(?:proj|svcacct|admin|None|or-v1|or|lf)-[\w-]{16,250}|[A-Za-z0-9]{20,64}(?![\w-]))"),
    _row("Hugging Face", "hf_ api_org_", r"(?:hf|api_org)_[A-Za-z0-9]{20,64}"),
    _row("Groq, xAI, Perplexity, Replicate", "gsk_ xai- pplx- r8_", r"(?:gsk_|xai-|pplx-|r8_)[A-Za-z0-9]{24,120}"),
    _row("Cohere, Mistral, LangSmith, Tavily", "lsv2_ tvly- ls__", r"(?:lsv2_(?:pt|sk)_[a-f0-9_]{30,80}|tvly-[\w-]{20,64}|ls__[a-f0-9]{32})"),
    _row("Pinecone, Weights", "pcsk_", r"pcsk_[\w-]{30,90}"),
    # Operations
    _row("Opsportal, whole or cut short", "opsp_", r"opsp_[0-9A-Za-z]{20,32}(?:_[0-9A-Za-z]{1,6})?(?![0-9A-Za-z])"),
    _row("Vault", "hvs. hvb. hvr.", r"hv[sbr]\.[\w-]{16,400}"),
    _row("Vault, old form", "s.", r"s\.[A-Za-z0-9]{24}(?![\w.])"),
    _row("Doppler", "dp.", r"dp\.(?:pt|st|ct|sa|scim|audit)\.(?:[\w-]{2,35}\.)?[A-Za-z0-9]{20,64}"),
    _row("1Password service", "ops_ey", r"ops_eyJ[\w-]{40,2048}"),
    _row("1Password key", "a3-", r"A3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}"),
    _row("Grafana", "glc_ glsa_ eyjrijoi", r"(?:glc_[A-Za-z0-9+/=]{20,400}|glsa_\w{20,80}|eyJrIjoi[A-Za-z0-9+/=]{30,400})"),
    _row("New Relic", "nrak- nrjs- nrra- nrii-", r"NR(?:AK|JS|RA|II)-[A-Za-z0-9-]{16,64}"),
    _row("New Relic licence", "nral", r"[a-f0-9]{36}NRAL(?!\w)"),
    _row("Dynatrace", "dt0", r"dt0[a-z]\d{2}\.[A-Z0-9]{8,32}\.[A-Z0-9]{32,80}"),
    _row("Sentry", "sntrys_ sntryu_ sntrya_", r"sntry[sua]_[\w=+/-]{20,400}"),
    _row("PagerDuty", "pdu r0", r"(?:pdus\+_?[\w-]{20,64}|R0[A-Z0-9]{30})(?!\w)"),
    _row("Datadog", "ddp_ pub", r"ddp_[a-f0-9A-Za-z]{20,64}"),
    _row("Honeycomb, Lightstep", "hcaik_ hcxik_", r"hc[a-z]ik_[a-z0-9]{20,80}"),
    _row("Linear", "lin_api_ lin_oauth_", r"lin_(?:api|oauth)_[A-Za-z0-9]{20,80}"),
    _row("Notion", "secret_ ntn_", r"(?:secret_[A-Za-z0-9]{32,64}|ntn_[A-Za-z0-9]{30,64})(?!\w)"),
    _row("Airtable", "pat", r"pat[A-Za-z0-9]{14}\.[a-f0-9]{64}"),
    _row("Figma", "figd_", r"figd_[\w-]{30,64}"),
    _row("Asana, Postman", "pmak-", r"PMAK-[a-f0-9]{24}-[a-f0-9]{34}"),
    _row("Databricks", "dapi", r"dapi[a-f0-9]{32}(?:-\d)?(?!\w)"),
    _row("Tailscale", "tskey-", r"tskey-[a-z]{2,12}-[\w-]{10,120}"),
    _row("PlanetScale", "pscale_", r"pscale_(?:tkn|oauth|pw)_[\w.=-]{20,80}"),
    _row("Supabase", "sbp_ sb_secret_", r"(?:sbp_|sb_secret_)[\w-]{20,80}"),
    _row("Neon, Prisma", "napi_ prisma", r"napi_[a-z0-9]{40,80}"),
    _row("Algolia, Contentful", "cfpat-", r"CFPAT-[\w-]{30,64}"),
    _row("Snyk, Tines, Rootly", "snyk_ rootly_", r"(?:snyk_(?:uat|sat)\.[\w.-]{20,400}|rootly_[a-f0-9]{40,80})"),
    _row("Frame.io, Lob, EasyPost", "fio-u- ezak ezt", r"(?:fio-u-[\w=-]{40,80}|EZ[AT]K[A-Za-z0-9]{40,64})"),
    _row("Duffel, Shippo", "duffel_ shippo_", r"(?:duffel_(?:test|live)_[\w=-]{30,64}|shippo_(?:live|test)_[a-f0-9]{40})"),
    _row("Age", "age-secret-key-1", r"AGE-SECRET-KEY-1[A-Z0-9]{40,64}", kinds.PRIVATE_KEY),
    # Keys and hashes
    _row("Django key", "django-insecure-", r"django-insecure-\S{16,100}", kinds.SECRET),
    _row("Fernet key", "=", r"(?<![\w+/%.-])[A-Za-z0-9_-]{43}=(?![\w=])", kinds.SECRET),
    _row("Password hash", "$2 $argon2 pbkdf2_ scrypt $6$ $5$ $y$", r"(?:\$2[abxy]\$\d\d\$[./A-Za-z0-9]{40,60}|\$?argon2(?:id|i|d)?\$[\w$=,+/.-]{30,300}|pbkdf2_sha\d{1,3}\$\d{1,9}\$[\w$=+/.-]{20,200}|\$[56y]\$[\w$./=-]{20,200})", kinds.PASSWORD),
    _row("Registry login", "eyjhdxrocyi6", r"eyJhdXRocyI6[A-Za-z0-9+/=_-]{8,4096}", kinds.KUBERNETES),
)  # fmt: skip

# Begin like a vendor's token often enough in other text that the rest has to look random too.
NEEDS_RANDOM = frozenset(
    {"Vault, old form", "Discord bot", "Fernet key", "OpenAI and others", "Notion",
     "Mollie, Razorpay, Paystack", "Facebook", "Mattermost or Rocket webhook", "Tencent key id", "Yandex key"}
)  # fmt: skip
