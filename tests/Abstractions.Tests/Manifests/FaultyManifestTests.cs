namespace IntegrationHub.Abstractions.Tests.Manifests;

public sealed class FaultyManifestTests
{
    private const string Op = "/operations/createPaymentIntent";
    private const string Get = "/operations/getCustomer";
    private const string List = "/operations/listCustomers";
    private const string Verify = "/webhooks/verify";

    [Theory]

    // the whole
    [InlineData("/operatoins", "{}", "/operatoins", "Did you mean \"operations\"?")]
    [InlineData("/id", "\"Stripe Inc\"", "/id", "my-provider")]
    [InlineData("/id", "\"../etc\"", "/id", "expected form")]
    [InlineData("/id", "remove", "/id", "\"id\" is required")]
    [InlineData("/manifestVersion", "2", "/manifestVersion", "Allowed: 1")]
    [InlineData("/name", "\"\"", "/name", "empty")]
    [InlineData("/version", "\"1.0\"", "/version", "1.0.0")]
    [InlineData("/hostApi", "\"[2.0,3.0)\"", "/hostApi", "this host offers 1.0.0")]
    [InlineData("/hostApi", "\"latest\"", "/hostApi", "[1.0,2.0)")]
    [InlineData("/category", "\"paymnet\"", "/category", "Did you mean \"payment\"?")]
    [InlineData("/markets", "[\"UK\"]", "/markets/0", "ISO 3166")]
    [InlineData("/markets", "[\"sa\"]", "/markets/0", "Write \"SA\"")]
    [InlineData("/currencies", "[\"USD\"]", "/currencies/0", "Write \"usd\"")]
    [InlineData("/currencies", "[\"xyz\"]", "/currencies/0", "ISO 4217")]
    [InlineData("/languages", "[\"english\"]", "/languages/0", "BCP 47")]
    [InlineData("/pricing/model", "\"cheap\"", "/pricing/model", "per_transaction")]
    [InlineData("/description", "{\"en\":1}", "/description/en", "Expected a string")]
    [InlineData("/icon", "\"../../secret.svg\"", "/icon", "plain file name")]
    [InlineData("/entry", "{\"assembly\":\"/tmp/evil.dll\",\"type\":\"A.B\"}", "/entry/assembly", "plain file name")]
    [InlineData("/entry", "{\"assembly\":\"a.dll\"}", "/entry/type", "required")]
    [InlineData("/docs", "\"javascript:alert(1)\"", "/docs", "https://example.com")]

    // config
    [InlineData("/config/properties/secretKey/$ref", "\"http://127.0.0.1:1/x\"", "/config/properties/secretKey/$ref", "only into the same schema")]
    [InlineData("/config/properties/secretKey/const", "\"x\"", "/config/properties/secretKey/const", "enum")]
    [InlineData("/config/properties/secretKey/pattern", "\"[\"", "/config/properties/secretKey/pattern", "not a regular expression")]
    [InlineData("/config/properties/secretKey/type", "\"integer\"", "/config/properties/secretKey/x-secret", "Only a string")]
    [InlineData("/config/properties/secretKey/default", "\"x\"", "/config/properties/secretKey/default", "no default")]
    [InlineData("/config/properties/secretKey/x-env", "\"stripe key\"", "/config/properties/secretKey/x-env", "STRIPE_SECRET_KEY")]
    [InlineData("/config/properties/webhookSecret/x-env", "\"STRIPE_SECRET_KEY\"", "/config/properties/webhookSecret/x-env", "same environment variable")]
    [InlineData("/config/required", "[\"secretKay\"]", "/config/required", "Did you mean \"secretKey\"?")]
    [InlineData("/config/type", "\"array\"", "/config/type", "\"type\": \"object\"")]

    // environments, network
    [InlineData("/environments/production", "{}", "/environments/production", "Known: dev, staging, prod.")]
    [InlineData("/environments/prod/baseUrl", "\"http://api.stripe.com\"", "/environments/prod/baseUrl", "https://")]
    [InlineData("/environments/prod/baseUrl", "\"https://api.stripe.com/\"", "/environments/prod/baseUrl", "slash")]
    [InlineData("/environments/prod/baseUrl", "\"https://evil.example\"", "/environments/prod/baseUrl", "network.allow")]
    [InlineData("/environments/prod/baseUrl", "\"{config.url}\"", "/environments/prod/baseUrl", "no config field \"url\"")]
    [InlineData("/environments/prod/baseUrl", "\"api.stripe.com\"", "/environments/prod/baseUrl", "absolute https")]
    [InlineData("/environments/dev/require", "{\"secret\":\"x\"}", "/environments/dev/require/secret", "no config field")]
    [InlineData("/environments/dev/port", "8080", "/environments/dev/port", "Expected a string")]
    [InlineData("/environments", "{}", "/environments", "base address")]
    [InlineData("/network/allow/-", "\"*\"", "/network/allow/2", "almost every host")]
    [InlineData("/network/allow/-", "\"*.com\"", "/network/allow/2", "almost every host")]
    [InlineData("/network/allow/-", "\"https://x.example/a\"", "/network/allow/2", "Write only the host: x.example.")]
    [InlineData("/network/allow/-", "\"a b\"", "/network/allow/2", "not a host name")]
    [InlineData("/network/allow/-", "\"x.example:99999\"", "/network/allow/2", "not a host name")]

    // auth
    [InlineData("/auth/0/type", "\"apikey\"", "/auth/0/type", "api_key")]
    [InlineData("/auth/0/apply", "remove", "/auth/0/apply", "header or the query")]
    [InlineData("/auth/0", "{\"type\":\"basic\"}", "/auth/0/username", "needs \"username\"")]
    [InlineData("/auth/0", "{\"type\":\"bearer\"}", "/auth/0/token", "needs \"token\"")]
    [InlineData("/auth/0", "{\"type\":\"oauth2\",\"authorizeUrl\":\"https://a.example\"}", "/auth/0/tokenUrl", "needs \"tokenUrl\"")]
    [InlineData("/auth/0", "{\"type\":\"oauth2\",\"tokenUrl\":\"https://a.example\"}", "/auth/0/authorizeUrl", "client_credentials")]
    [InlineData("/auth/0", "{\"type\":\"oauth2\",\"tokenUrl\":\"http://a.example\",\"grant\":\"client_credentials\"}", "/auth/0/tokenUrl", "TLS")]
    [InlineData("/auth/0", "{\"type\":\"oauth2\",\"tokenUrl\":\"https://a.example/t\",\"grant\":\"client_credentials\"}", "/auth/0/tokenUrl", "network.allow")]
    [InlineData("/auth/0", "{\"type\":\"oauth2\",\"tokenUrl\":\"https://api.stripe.com/t#a\",\"grant\":\"client_credentials\"}", "/auth/0/tokenUrl", "fragment")]
    [InlineData("/auth/0", "{\"type\":\"oauth2\",\"issuer\":\"https://a.example\"}", "/auth/0/issuer", "network.allow")]
    [InlineData("/auth/0", "{\"type\":\"oauth2\",\"issuer\":\"https://api.stripe.com?a=b\"}", "/auth/0/issuer", "neither query")]
    [InlineData("/auth/0", "{\"type\":\"oauth2\",\"discovery\":\"https://api.stripe.com/d\"}", "/auth/0/issuer", "issuer it must name")]
    [InlineData("/auth/0", "{\"type\":\"oauth2\",\"issuer\":\"https://api.stripe.com\"}", "/auth/0/clientId", "no client id")]
    [InlineData("/auth/0", "{\"type\":\"oauth2\",\"issuer\":\"https://api.stripe.com\",\"clientId\":\"x\"}", "/auth/0/clientSecret", "no client secret")]
    [InlineData("/auth/0", "{\"type\":\"oauth2\",\"grant\":\"client_credentials\",\"issuer\":\"https://api.stripe.com\",\"clientId\":\"x\",\"tokenAuth\":\"none\"}", "/auth/0/tokenAuth", "anybody")]
    [InlineData("/auth/0", "{\"type\":\"oauth2\",\"issuer\":\"https://api.stripe.com\",\"clientId\":\"x\",\"tokenAuth\":\"none\",\"pkce\":false}", "/auth/0/pkce", "must use PKCE")]
    [InlineData("/auth/0", "{\"type\":\"oauth2\",\"issuer\":\"https://api.stripe.com\",\"clientId\":\"x\",\"tokenAuth\":\"private_key_jwt\"}", "/auth/0/assertion", "needs \"assertion\"")]
    [InlineData("/auth/0", "{\"type\":\"oauth2\",\"extra\":{\"state\":\"x\"}}", "/auth/0/extra/state", "itself")]
    [InlineData("/auth/0", "{\"type\":\"oauth2\",\"tokenParams\":{\"grant_type\":\"x\"}}", "/auth/0/tokenParams/grant_type", "itself")]
    [InlineData("/auth/0", "{\"type\":\"oauth2\",\"callback\":{\"x\":\"code\"}}", "/auth/0/callback/x", "protocol")]
    [InlineData("/auth/0", "{\"type\":\"oauth2\",\"answer\":{\"values\":{\"accessToken\":\"/x\"}}}", "/auth/0/answer/values/accessToken", "own")]
    [InlineData("/auth/0", "{\"type\":\"oauth2\",\"scopes\":{\"a b\":\"x\"}}", "/auth/0/scopes/a b", "one scope")]
    [InlineData("/auth/0", "{\"type\":\"oauth2\",\"scopes\":{\"read\":\"x\"},\"defaultScopes\":[\"raed\"]}", "/auth/0/defaultScopes/0", "no scope")]
    [InlineData("/auth/0", "{\"type\":\"jwt_bearer\",\"tokenUrl\":\"https://api.stripe.com/t\"}", "/auth/0/assertion", "needs \"assertion\"")]
    [InlineData("/auth/0", "{\"type\":\"jwt_bearer\",\"assertion\":{\"issuer\":\"x\"}}", "/auth/0/assertion/privateKey", "no key")]
    [InlineData("/auth/0", "{\"type\":\"jwt_bearer\",\"assertion\":{\"privateKey\":\"{config.secretKey}\"}}", "/auth/0/assertion/issuer", "who signs")]
    [InlineData("/auth/0", "{\"type\":\"jwt_bearer\",\"assertion\":{\"claims\":{\"iss\":\"x\"}}}", "/auth/0/assertion/claims/iss", "itself")]
    [InlineData("/auth/0", "{\"type\":\"jwt_bearer\",\"assertion\":{\"headers\":{\"alg\":\"none\"}}}", "/auth/0/assertion/headers/alg", "itself")]
    [InlineData("/auth/0", "{\"type\":\"custom\"}", "/auth/0/type", "entry")]
    [InlineData("/auth/-", "{\"type\":\"api_key\",\"apply\":{\"query\":{\"k\":\"{config.secretKey}\"}}}", "/auth/1/id", "Two ways")]
    [InlineData("/auth/0/requires", "[\"key\"]", "/auth/0/requires/0", "no config field")]
    [InlineData("/auth/0/apply/headers/Authorization", "\"Bearer {config.secretkey}\"", "/auth/0/apply/headers/Authorization", "Did you mean \"secretKey\"?")]
    [InlineData("/auth/0/apply/headers/Authorization", "\"Bearer {auth.accessToken}\"", "/auth/0/apply/headers/Authorization", "no \"auth\" here")]
    [InlineData("/auth/0/apply/headers/Authorization", "\"{config.secretKey|lowercase}\"", "/auth/0/apply/headers/Authorization", "cannot be read")]
    [InlineData("/auth/0/apply/headers/Bad Name", "\"x\"", "/auth/0/apply/headers/Bad Name", "not known")]

    // operations
    [InlineData(Op + "/http", "remove", Op + "/http", "has no request")]
    [InlineData(Op + "/http/method", "\"post\"", Op + "/http/method", "POST")]
    [InlineData(Op + "/http/path", "\"v1/x\"", Op + "/http/path", "Write \"/v1/x\"")]
    [InlineData(Op + "/http/path", "\"https://evil.example/x\"", Op + "/http/path", "network.allow")]
    [InlineData(Op + "/http/path", "\"http://api.stripe.com/x\"", Op + "/http/path", "TLS")]
    [InlineData(Op + "/http/path", "\"/v1/x?y=1\"", Op + "/http/path", "\"query\"")]
    [InlineData(Op + "/http/path", "\"/v1/{params.id}\"", Op + "/http/path", "no parameter \"id\"")]
    [InlineData(Op + "/http/path", "\"/v1/{parms.amount}\"", Op + "/http/path", "Did you mean \"params\"?")]
    [InlineData(Op + "/http/path", "\"/v1/{params.amount\"", Op + "/http/path", "cannot be read")]
    [InlineData(Op + "/http/query", "{\"a\":{\"b\":[\"{config.nothing}\"]}}", Op + "/http/query/a/b/0", "no config field")]
    [InlineData(Op + "/http/headers", "{\"X\":\"{env.regoin}\"}", Op + "/http/headers/X", "Did you mean \"region\"?")]
    [InlineData(Op + "/http/body", "\"xml\"", Op + "/http/body", "Allowed")]
    [InlineData(Op + "/http/body", "{\"kind\":\"graphql\"}", Op + "/http/body/query", "document")]
    [InlineData(Op + "/http/body", "{\"kind\":\"json\",\"query\":\"x\"}", Op + "/http/body/query", "Only a GraphQL")]
    [InlineData(Op + "/http/body", "\"raw\"", Op + "/http/body/template", "content stream")]
    [InlineData(Op + "/http/body", "\"ndjson\"", Op + "/http/body/template", "array")]
    [InlineData(Op + "/stream", "{\"request\":true}", Op + "/stream/request", "raw or multipart")]
    [InlineData(Get + "/http/body", "\"json\"", Get + "/http/body", "has no body")]
    [InlineData(Op + "/params/properties/amount/type", "\"money\"", Op + "/params/properties/amount/type", "Unknown type")]
    [InlineData(Op + "/params/required/-", "\"customer\"", Op + "/params/required", "not described")]
    [InlineData(Op + "/result/if", "{}", Op + "/result/if", "not supported")]
    [InlineData(Op + "/response/errors/code", "\"error.code\"", Op + "/response/errors/code", "/data/0/id")]
    [InlineData(Op + "/response/errors/code", "\"/error/~2\"", Op + "/response/errors/code", "RFC 6901")]
    [InlineData(Op + "/response/errors/refused", "[\"x\"]", Op + "/response/errors/refused", "Known: ")]
    [InlineData(Op + "/response/errors/conflict", "[\"card_declined\"]", Op + "/response/errors/conflict/0", "already means")]
    [InlineData(Op + "/response/result", "\"data\"", Op + "/response/result", "not a JSON pointer")]
    [InlineData(Op + "/response/successWhen", "{\"ok\":true}", Op + "/response/successWhen/ok", "not a JSON pointer")]
    [InlineData(Op + "/response/success", "[20]", Op + "/response/success/0", "too small")]
    [InlineData(Op + "/idempotency", "{}", Op + "/idempotency", "exactly one")]
    [InlineData(Op + "/idempotency", "{\"header\":\"A\",\"query\":\"b\"}", Op + "/idempotency", "exactly one")]
    [InlineData(Op + "/timeout", "\"5 minutes\"", Op + "/timeout", "500ms, 30s, 5m")]
    [InlineData(Op + "/timeout", "\"0s\"", Op + "/timeout", "zero")]
    [InlineData(Op + "/implements/capability", "\"payments.create\"", Op + "/implements/capability", "Did you mean \"payment.create\"?")]
    [InlineData(Op + "/implements/params/amount", "\"{params.amount}\"", Op + "/implements/params/amount", "Did you mean \"amountMinor\"?")]
    [InlineData(Op + "/implements/params/currency", "remove", Op + "/implements/params", "required parameter \"currency\"")]
    [InlineData(Op + "/implements/params/colour", "\"red\"", Op + "/implements/params/colour", "no parameter \"colour\"")]
    [InlineData(Op + "/implements/result/id", "\"{results.id}\"", Op + "/implements/result/id", "Did you mean \"result\"?")]
    [InlineData("/operations/bad-name!", "{}", "/operations/bad-name!", "^[A-Za-z]")]
    [InlineData(List + "/pagination/style", "\"cursors\"", List + "/pagination/style", "Allowed: cursor")]
    [InlineData(List + "/pagination/next", "remove", List + "/pagination/next", "needs \"next\"")]
    [InlineData(List + "/pagination/param", "\"after\"", List + "/pagination/param", "no parameter \"after\"")]
    [InlineData(List + "/pagination", "{\"style\":\"page\"}", List + "/pagination/param", "needs \"param\"")]
    [InlineData(List + "/pagination", "{\"style\":\"offset\",\"param\":\"limit\"}", List + "/pagination/sizeParam", "needs \"sizeParam\"")]
    [InlineData(List + "/pagination", "{\"style\":\"url\"}", List + "/pagination/next", "needs \"next\"")]

    // limits
    [InlineData("/limits/requestsPerSecond", "0", "/limits/requestsPerSecond", "more than 0")]
    [InlineData("/retry/maxDelay", "\"1ms\"", "/retry/maxDelay", "shorter than the first")]
    [InlineData("/retry/totalTimeout", "\"1s\"", "/retry/totalTimeout", "shorter than that for one")]
    [InlineData("/retry/maxAttempts", "\"4\"", "/retry/maxAttempts", "without quotation marks")]

    // webhooks
    [InlineData("/webhooks/verify", "[]", "/webhooks/verify", "no verification scheme")]
    [InlineData("/webhooks/verify", "remove", "/webhooks/verify", "\"verify\" is required")]
    [InlineData(Verify + "/scheme", "\"hmca\"", Verify + "/scheme", "Allowed")]
    [InlineData(Verify + "/secret", "remove", Verify + "/secret", "needs \"secret\"")]
    [InlineData(Verify + "/secret", "\"plain-text-secret\"", Verify + "/secret", "does not stand in a manifest")]
    [InlineData(Verify + "/secret", "\"{config.hookSecret}\"", Verify + "/secret", "no config field")]
    [InlineData(Verify + "/header", "remove", Verify + "/header", "\"header\", \"query\" or \"body\"")]
    [InlineData(Verify + "/algorithm", "\"md5\"", Verify + "/algorithm", "sha256")]
    [InlineData(Verify + "/encoding", "\"Base64\"", Verify + "/encoding", "base64url")]
    [InlineData(Verify + "/signed", "\"{timestamp}.{payload}\"", Verify + "/signed", "Known: {timestamp}")]
    [InlineData(Verify + "/format", "\"v1={signature}\"", Verify + "/signed", "where it comes from")]
    [InlineData(Verify + "/format", "\"v1=signature\"", Verify + "/format", "{signature} once")]
    [InlineData(Verify + "/format", "\"t={time},v1={signature}\"", Verify + "/format", "knows no {time}")]
    [InlineData(Verify + "/tolerance", "\"79228162514264337593543950335d\"", Verify + "/tolerance", "")]
    [InlineData(Verify + "/tolerance", "\"30d\"", Verify + "/tolerance", "at most a week")]
    [InlineData(Verify + "/signed", "\"{id}.{timestamp}.{body}\"", Verify + "/idHeader", "{id}")]
    [InlineData(Verify, "{\"scheme\":\"ed25519\",\"header\":\"X\"}", Verify + "/publicKey", "needs \"publicKey\"")]
    [InlineData(Verify, "{\"scheme\":\"token\",\"header\":\"X\"}", Verify + "/secret", "needs \"secret\"")]
    [InlineData(Verify, "{\"scheme\":\"basic\",\"username\":\"{config.apiVersion}\"}", Verify + "/password", "needs \"password\"")]
    [InlineData(Verify, "{\"scheme\":\"custom\"}", Verify + "/scheme", "entry")]
    [InlineData(Verify, "{\"scheme\":\"none\"}", Verify + "/reason", "reason")]
    [InlineData(Verify, "{\"scheme\":\"jwt\",\"header\":\"X\"}", Verify + "/secret", "\"secret\" or \"publicKey\"")]
    [InlineData(Verify + "/when", "{\"X-Thing\":true}", Verify + "/when/X-Thing", "no placeholder")]
    [InlineData(Verify + "/when", "{\"header.X\":{}}", Verify + "/when/header.X", "compares with")]
    [InlineData("/webhooks/event/type", "\"type\"", "/webhooks/event/type", "Write \"/type\"")]
    [InlineData("/webhooks/event/id", "[\"/id\",\"{body.id}\"]", "/webhooks/event/id/1", "pointers {/a/b}")]
    [InlineData("/webhooks/event/batch", "\"events\"", "/webhooks/event/batch", "expected form")]
    [InlineData("/webhooks/challenge", "{\"respond\":{\"body\":\"x\"}}", "/webhooks/challenge/when", "conditions")]
    [InlineData("/webhooks/challenge", "{\"when\":{\"/type\":\"x\"}}", "/webhooks/challenge/respond", "required")]
    [InlineData("/webhooks/dedupeWindow", "24", "/webhooks/dedupeWindow", "Expected a string")]

    // tests, simulator
    [InlineData("/tests/0/operation", "\"retreiveBalance\"", "/tests/0/operation", "Did you mean \"retrieveBalance\"?")]
    [InlineData("/tests/0/operation", "\"getCustomer\"", "/tests/0/params/id", "required parameter \"id\"")]
    [InlineData("/tests/0/params", "{\"x\":\"{config.none}\"}", "/tests/0/params/x", "no config field")]
    [InlineData("/tests/-", "{\"id\":\"stripe-connection\",\"operation\":\"retrieveBalance\"}", "/tests/1/id", "Two tests")]
    [InlineData("/simulator/operations/nothing", "[{}]", "/simulator/operations/nothing", "no operation")]
    [InlineData("/simulator/operations/createPaymentIntent/0/when", "{\"amount\":1}", "/simulator/operations/createPaymentIntent/0/when/amount", "not a JSON pointer")]
    [InlineData("/simulator/operations/createPaymentIntent/1", "{\"body\":{\"amount\":1},\"echo\":{\"amount\":\"{params.amount}\"}}", "/simulator/operations/createPaymentIntent/1/echo/amount", "not a JSON pointer")]
    [InlineData("/simulator/operations/createPaymentIntent/1", "{\"body\":{\"amount\":1},\"echo\":{\"/total\":\"{params.amount}\"}}", "/simulator/operations/createPaymentIntent/1/echo/~1total", "nothing at")]
    [InlineData("/simulator/operations/createPaymentIntent/1", "{\"echo\":{\"/total\":\"{params.amount}\"}}", "/simulator/operations/createPaymentIntent/1/echo/~1total", "nothing at")]
    [InlineData("/simulator/operations/createPaymentIntent/1", "{\"body\":{\"amount\":1},\"echo\":{\"/amount\":\"{config.secretKey}\"}}", "/simulator/operations/createPaymentIntent/1/echo/~1amount", "no \"config\" here")]
    [InlineData("/simulator/webhooks/unknown.type", "{}", "/simulator/webhooks/unknown.type", "no webhook type")]
    public void Read_FaultyManifest_ErrorSaysWhereAndWhat(string change, string json, string pointer, string phrase)
    {
        var result = Some.Read(Some.With((change, json)));

        Assert.Null(result.Manifest);
        Assert.True(
            result.Errors.Any(error => error.Pointer == pointer && $"{error.Message} {error.Hint}".Contains(phrase, StringComparison.Ordinal)),
            $"Expected \"{phrase}\" at {pointer}, got:\n{string.Join('\n', result.Errors)}");
    }

    [Theory]
    [InlineData("/description", "remove", "/description", "description")]
    [InlineData("/setup", "[]", "/setup", "setup steps")]
    [InlineData("/tests", "[]", "/tests", "connection test")]
    [InlineData(Op + "/title", "remove", Op + "/title", "no title")]
    [InlineData("/operations/retrieveBalance/params", "remove", "/operations/retrieveBalance/params", "does not describe its parameters")]
    [InlineData(Get + "/params/required", "remove", Get + "/params/required", "not required")]
    [InlineData(Verify + "/tolerance", "remove", Verify + "/tolerance", "old webhook")]
    [InlineData("/auth/0/apply/headers/X-Api-Key", "\"0123456789abcdef\"", "/auth/0/apply/headers/X-Api-Key", "credential")]
    [InlineData("/defaults", "{\"headers\":{\"X\":\"Bearer abcdefgh12345678\"}}", "/defaults/headers/X", "credential")]
    [InlineData("/config/properties/apiKey", "{\"type\":\"string\"}", "/config/properties/apiKey", "looks like a secret")]
    [InlineData("/webhooks/event/type", "remove", "/webhooks/event/type", "unknown")]
    public void Read_ManifestThatCouldBeBetter_WarnsAndWorks(string change, string json, string pointer, string phrase)
    {
        var result = Some.Read(Some.With((change, json)));

        Assert.Empty(result.Errors);
        Assert.NotNull(result.Manifest);
        Assert.Contains(result.Warnings, warning => warning.Pointer == pointer && warning.Message.Contains(phrase, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("", "line 1, column 1")]
    [InlineData("{", "not JSON")]
    [InlineData("{\n  \"id\": \"a\"\n  \"name\": 1\n}", "line 3")]
    [InlineData("nonsense", "not JSON")]
    [InlineData("[]", "Expected an object")]
    [InlineData("null", "Expected an object")]
    [InlineData("{\"id\": \"\\ud800\"}", "Unicode")]
    public void Read_NoManifestAtAll_SaysSo(string text, string phrase)
    {
        var result = Some.Read(text);

        Assert.Null(result.Manifest);
        Assert.Contains(phrase, $"{result.Errors[0].Message}", StringComparison.Ordinal);
    }

    [Fact]
    public void Read_TooDeep_SaysSo() => Assert.Contains("not JSON", Assert.Single(Some.Read(new string('[', 10_000)).Errors).Message, StringComparison.Ordinal);

    [Fact]
    public void Read_TooLarge_SaysSo() => Assert.Contains("4 MB", Assert.Single(Some.Read(new string(' ', 5_000_000)).Errors).Message, StringComparison.Ordinal);

    [Fact]
    public void Read_BytesThatAreNoUtf8_SaysSo() => Assert.NotEmpty(IntegrationHub.Manifests.ManifestReader.Read(new byte[] { (byte)'{', (byte)'"', 0xFF, 0xFE, (byte)'"', (byte)':', (byte)'1', (byte)'}' }).Errors);

    [Theory]
    [InlineData("""{"id":"a","id":"b"}""", "/id")]
    [InlineData("""{"operations":{"x":{"http":{"method":"GET","path":"/","method":"POST"}}}}""", "/operations/x/http/method")]
    [InlineData("""{"auth":[{},{"type":"none","type":"basic"}]}""", "/auth/1/type")]
    [InlineData("""{"config":{"properties":{"a":{},"a":{}}}}""", "/config/properties/a")]
    public void Read_KeyTwice_IsAnError(string text, string pointer) =>
        Assert.Contains(Some.Read(text).Errors, error => error.Pointer == pointer && error.Message.Contains("more than once", StringComparison.Ordinal));

    [Fact]
    public void Read_SeveralFaultsOfAllSorts_ReportsEveryOne()
    {
        var result = Some.Read(Some.With(
            ("/nmae", "1"), ("/version", "\"x\""), ("/category", "\"nothing-such\""), ("/config/properties/secretKey/type", "\"integer\""), ("/network/allow/-", "\"*\""),
            (Op + "/http/path", "\"{params.x}\""), (Op + "/implements/capability", "\"a.b\""), (Verify + "/secret", "remove"), ("/tests/0/operation", "\"zzz\"")));

        string[] expected =
        [
            "/nmae", "/version", "/category", "/config/properties/secretKey/x-secret", "/network/allow/2", Op + "/http/path", Op + "/implements/capability", Verify + "/secret",
            "/tests/0/operation",
        ];
        Assert.All(expected, pointer => Assert.Contains(result.Errors, error => error.Pointer == pointer));
        Assert.Equal("stripe", result.Id);
    }

    [Theory]
    [InlineData("{\"id\":\"half\", \"name\": ", "half")]
    [InlineData("{\"publisher\":{\"id\":\"no\"},\"id\":\"yes\"}", "yes")]
    [InlineData("{\"id\":3}", null)]
    [InlineData("rubbish", null)]
    public void Read_FaultyManifest_IdAsFarAsItCanBeRead(string text, string? id) => Assert.Equal(id, Some.Read(text).Id);

    [Fact]
    public void Read_EverythingOfTheWrongKind_NeverThrows()
    {
        foreach (var kind in (string[])["null", "1", "\"x\"", "[]", "{}", "[[]]", "[null]", "{\"\":{}}", "true"])
            foreach (var key in (string[])["id", "version", "hostApi", "entry", "markets", "config", "environments", "network", "auth", "limits", "retry", "breaker", "defaults", "operations", "webhooks", "tests", "simulator", "setup"])
                Assert.Null(Record.Exception(() => Some.Read(Some.With(("/" + key, kind)))));
    }
}
