using System.Reflection;
using System.Text.Json;
using IntegrationHub.Adapters;
using IntegrationHub.Manifests;
using IntegrationHub.Schemas;

namespace IntegrationHub.Abstractions.Tests.Manifests;

public sealed class ManifestReaderTests
{
    [Fact]
    public void Read_DesignExample_HasNoErrorAndNoWarning()
    {
        var result = Some.Read(Some.Manifest);

        Assert.Empty(result.Errors);
        Assert.Empty(result.Warnings);
        Assert.Equal("stripe", result.Id);
    }

    [Fact]
    public void Read_DesignExample_FillsTheRecords()
    {
        var manifest = Some.Read(Some.Manifest).Manifest!;
        var operation = manifest.Operations["createPaymentIntent"];
        var verify = Assert.Single(manifest.Webhooks!.Verify);

        Assert.Equal("مدفوعات.", manifest.Description!.In("ar-SA"));
        Assert.Equal(AuthType.ApiKey, Assert.Single(manifest.Auth).Type);
        Assert.Equal(TimeSpan.FromMilliseconds(500), manifest.Retry!.BaseDelay);
        Assert.Equal("eu", Assert.Single(manifest.Environments["prod"].Values).Value);
        Assert.Equal("_test_", manifest.Environments["dev"].Require["secretKey"]);
        Assert.Equal(BodyKind.Form, operation.Http!.Body!.Kind);
        Assert.Equal(["/error/code"], operation.Response!.Errors!.Code);
        Assert.Equal(["card_declined"], operation.Response.Errors.Categories[ErrorCategory.Declined]);
        Assert.Equal(PaginationStyle.Cursor, manifest.Operations["listCustomers"].Pagination!.Style);
        Assert.Equal(VerifyScheme.Hmac, verify.Scheme);
        Assert.Equal(TimeSpan.FromMinutes(5), verify.Tolerance);
        Assert.Empty(manifest.Webhooks.Challenge);
        Assert.Equal(["/data/object/id", "{header.X-Subject}"], manifest.Webhooks.Event.Subject);
        Assert.Equal(2, manifest.Simulator!.Operations["createPaymentIntent"].Count);
        Assert.DoesNotContain("/*", manifest.Config!.Value.GetRawText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/auth/0", "{\"type\":\"aws_sigv4\"}")]
    [InlineData("/auth/0", "{\"type\":\"jwt_bearer\",\"tokenUrl\":\"https://api.stripe.com/t\",\"assertion\":{\"issuer\":\"me\",\"privateKey\":\"{config.secretKey}\"},\"apply\":{\"headers\":{\"A\":\"{auth.accessToken}\"}}}")]
    [InlineData("/auth/0", "{\"type\":\"oauth2\",\"tokenUrl\":\"https://api.stripe.com/t\",\"grant\":\"client_credentials\",\"clientId\":\"me\",\"clientSecret\":\"{config.secretKey}\",\"refreshMargin\":\"1m\"}")]
    [InlineData("/auth/0", "{\"type\":\"oauth2\",\"issuer\":\"https://api.stripe.com\",\"clientId\":\"me\",\"tokenAuth\":\"none\",\"answer\":{\"accessToken\":[\"/authed_user/access_token\",\"/access_token\"],\"scope\":\"/scope\",\"values\":{\"instanceUrl\":\"/instance_url\"}},\"callback\":{\"accountId\":\"realmId\"},\"alwaysScopes\":[\"offline\"],\"reauthorizeOn\":[\"gone\"]}")]
    [InlineData("/auth/0", "{\"type\":\"oauth2\",\"authorizeUrl\":\"https://elsewhere.example/a\",\"tokenUrl\":\"https://api.stripe.com/t\",\"clientId\":\"me\",\"tokenAuth\":\"private_key_jwt\",\"assertion\":{\"privateKey\":\"{config.secretKey}\",\"algorithm\":\"ES256\",\"headers\":{\"x5t\":\"t\"}}}")]
    [InlineData("/webhooks", "null")]
    [InlineData("/webhooks/verify", "[{\"scheme\":\"token\",\"header\":\"X-Token\",\"secret\":\"{config.webhookSecret}\"},{\"scheme\":\"none\",\"reason\":\"They sign nothing.\",\"when\":{\"header.X\":true}}]")]
    [InlineData("/webhooks/verify", "{\"scheme\":\"jwt\",\"header\":\"Authorization\",\"secret\":\"{config.webhookSecret}\",\"tolerance\":\"1m\"}")]
    [InlineData("/webhooks/verify", "{\"scheme\":\"ed25519\",\"header\":\"X-Signature\",\"publicKey\":\"{config.apiVersion}\",\"timestampHeader\":\"X-Time\",\"signed\":\"{timestamp}{body}\",\"tolerance\":\"25h\"}")]
    [InlineData("/webhooks/challenge", "{\"when\":{\"/type\":\"url_verification\"},\"respond\":{\"body\":\"{/challenge}\"}}")]
    [InlineData("/environments/prod/baseUrl", "\"http://127.0.0.1:9200\"")]
    [InlineData("/environments/prod/baseUrl", "\"https://{config.apiVersion}\"")]
    [InlineData("/operations/createPaymentIntent/response/errors/notFound", "[20404]")]
    [InlineData("/operations/createPaymentIntent/http/body", "{\"kind\":\"graphql\",\"query\":\"query { me { id } }\"}")]
    [InlineData("/operations/createPaymentIntent/response/result", "{\"id\":\"{body.id}\",\"page\":\"{/meta/page}\",\"request\":\"{header.X-Id}\"}")]
    [InlineData("/operations/createPaymentIntent/http/path", "\"https://files.stripe.com/v1/x\"")]
    [InlineData("/x-anything", "{\"a\":[1]}")]
    public void Read_OtherSoundManifests_HaveNoErrors(string change, string json)
    {
        (string, string)[] changes = change == "/environments/prod/baseUrl"
            ? [(change, json), ("/network/allow/-", "\"127.0.0.1:9200\"")]
            : change == "/webhooks" ? [(change, json), ("/simulator/webhooks", "{}")] : [(change, json)];

        Assert.Empty(Some.Read(Some.With(changes)).Errors);
    }

    [Fact]
    public void Read_UserGivenBaseUrl_NeedsItsTemplateInNetworkAllow()
    {
        (string, string)[] changes = [("/config/properties/url", "{\"type\":\"string\"}"), ("/environments/prod/baseUrl", "\"{config.url}\"")];

        Assert.Contains(Some.Read(Some.With(changes)).Errors, error => error.Pointer == "/environments/prod/baseUrl");
        Assert.Empty(Some.Read(Some.With([.. changes, ("/network/allow/-", "\"{config.url}\"")])).Errors);
    }

    [Fact]
    public void Serialize_ThenRead_GivesTheSame()
    {
        var first = Some.Read(Some.Manifest).Manifest!;
        var text = ManifestJson.Serialize(first);

        var second = Some.Read(text);

        Assert.Empty(second.Errors);
        Assert.Equal(text, ManifestJson.Serialize(second.Manifest!));
        Assert.Contains("مدفوعات", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("500ms", 500)]
    [InlineData("0.5s", 500)]
    [InlineData("5m", 300_000)]
    [InlineData("24h", 86_400_000)]
    [InlineData("7d", 604_800_000)]
    [InlineData("1.5h", 5_400_000)]
    public void Duration_WrittenAndRead_IsTheSame(string text, int milliseconds)
    {
        var read = JsonSerializer.Deserialize<TimeSpan>($"\"{text}\"", ManifestJson.Options);

        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), read);
        Assert.Equal(read, JsonSerializer.Deserialize<TimeSpan>(JsonSerializer.Serialize(read, ManifestJson.Options), ManifestJson.Options));
    }

    [Fact]
    public void SchemaText_Schema_CompilesAndDescribesEveryProperty()
    {
        using var schema = JsonDocument.Parse(ManifestReader.SchemaText);
        Assert.Empty(SchemaValidator.TryCompile(schema.RootElement, out _));

        var objects = schema.RootElement.GetProperty("definitions").EnumerateObject().Select(definition => definition.Value).Append(schema.RootElement);
        Assert.All(
            objects.Where(definition => definition.TryGetProperty("properties", out _)).SelectMany(definition => definition.GetProperty("properties").EnumerateObject()),
            property => Assert.True(property.Value.TryGetProperty("description", out _), $"{property.Name} has no description."));
    }

    [Theory]
    [InlineData(typeof(ProviderManifest), "", "$schema")]
    [InlineData(typeof(PublisherManifest), "publisher")]
    [InlineData(typeof(EntryManifest), "entry")]
    [InlineData(typeof(PricingManifest), "pricing")]
    [InlineData(typeof(EnvironmentManifest), "environment", "-values")]
    [InlineData(typeof(NetworkManifest), "network")]
    [InlineData(typeof(AuthManifest), "auth")]
    [InlineData(typeof(ApplyManifest), "apply")]
    [InlineData(typeof(AssertionManifest), "assertion")]
    [InlineData(typeof(TokenAnswerManifest), "tokenAnswer")]
    [InlineData(typeof(LimitsManifest), "limits")]
    [InlineData(typeof(LimitHeadersManifest), "limitHeaders")]
    [InlineData(typeof(RetryManifest), "retry")]
    [InlineData(typeof(BreakerManifest), "breaker")]
    [InlineData(typeof(DefaultsManifest), "defaults")]
    [InlineData(typeof(OperationManifest), "operation")]
    [InlineData(typeof(HttpManifest), "http")]
    [InlineData(typeof(BodyManifest), "bodyObject")]
    [InlineData(typeof(StreamManifest), "stream")]
    [InlineData(typeof(IdempotencyManifest), "idempotency")]
    [InlineData(typeof(ResponseManifest), "response")]
    [InlineData(typeof(ErrorsManifest), "errors", "-categories", "declined", "invalidParams", "unauthenticated", "permissionDenied", "missingScope", "notFound", "conflict", "rateLimited", "timeout", "unavailable")]
    [InlineData(typeof(PaginationManifest), "pagination")]
    [InlineData(typeof(ImplementsManifest), "implements")]
    [InlineData(typeof(WebhooksManifest), "webhooks")]
    [InlineData(typeof(VerifyManifest), "verify")]
    [InlineData(typeof(CertificateManifest), "certificate")]
    [InlineData(typeof(VisitManifest), "visit")]
    [InlineData(typeof(ChallengeManifest), "challenge")]
    [InlineData(typeof(RespondManifest), "respond")]
    [InlineData(typeof(EventManifest), "event")]
    [InlineData(typeof(TestManifest), "test")]
    [InlineData(typeof(SimulatorManifest), "simulator")]
    [InlineData(typeof(SimulatorAnswer), "answer")]
    [InlineData(typeof(SimulatorWebhook), "sample")]
    public void SchemaText_EveryRecord_HasTheSamePropertiesAsTheSchema(Type record, string definition, params string[] differences)
    {
        using var document = JsonDocument.Parse(ManifestReader.SchemaText);
        var schema = definition.Length == 0 ? document.RootElement : document.RootElement.GetProperty("definitions").GetProperty(definition);

        var written = schema.GetProperty("properties").EnumerateObject().Select(property => property.Name);
        var known = record.GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(property => JsonNamingPolicy.CamelCase.ConvertName(property.Name))
            .Except(differences.Where(name => name[0] == '-').Select(name => name[1..]))
            .Concat(differences.Where(name => name[0] != '-'));

        Assert.Equal(known.Order(StringComparer.Ordinal), written.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void SchemaText_EveryManifestRecord_IsComparedAbove()
    {
        var compared = typeof(ManifestReaderTests).GetMethod(nameof(SchemaText_EveryRecord_HasTheSamePropertiesAsTheSchema))!
            .GetCustomAttributes<InlineDataAttribute>().Select(data => (Type)data.GetData(null!).First()[0]).ToHashSet();
        var records = typeof(ProviderManifest).Assembly.GetExportedTypes()
            .Where(type => type.Namespace == typeof(ProviderManifest).Namespace && type.GetMethod("<Clone>$") is not null && type != typeof(ManifestReadResult));

        Assert.All(records, record => Assert.Contains(record, compared));
    }

    [Theory]
    [InlineData(typeof(AuthType), "auth", "type")]
    [InlineData(typeof(BodyKind), "bodyObject", "kind")]
    [InlineData(typeof(ArrayFormat), "bodyObject", "arrayFormat")]
    [InlineData(typeof(PaginationStyle), "pagination", "style")]
    [InlineData(typeof(VerifyScheme), "verify", "scheme")]
    public void SchemaText_EveryEnum_HasTheSameSpellingsAsTheSchema(Type type, string definition, string property)
    {
        using var document = JsonDocument.Parse(ManifestReader.SchemaText);
        var allowed = document.RootElement.GetProperty("definitions").GetProperty(definition).GetProperty("properties").GetProperty(property).GetProperty("enum")
            .EnumerateArray().Select(item => item.GetString());
        var spelled = Enum.GetValues(type).Cast<object>().Select(value => JsonSerializer.SerializeToElement(value, type, ManifestJson.Options).GetString());

        Assert.Equal(spelled.Order(StringComparer.Ordinal), allowed.Order(StringComparer.Ordinal));
    }
}
