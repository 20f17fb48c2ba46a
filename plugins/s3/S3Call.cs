using System.Text.Json;
using Amazon;
using Amazon.Runtime;
using Amazon.S3;
using IntegrationHub.Adapters;

namespace IntegrationHub.Plugins.S3;

/// <summary>One call: its parameters, and a client made for it alone, so that credentials live no longer than it does.</summary>
internal sealed class S3Call : IDisposable
{
    private readonly OperationRequest request;

    private S3Call(OperationRequest request, AmazonS3Client client, string bucket, bool usesTls, TimeProvider time)
    {
        this.request = request;
        Client = client;
        Bucket = bucket;
        UsesTls = usesTls;
        Time = time;
    }

    public AmazonS3Client Client { get; }

    public string Bucket { get; }

    public bool UsesTls { get; }

    public TimeProvider Time { get; }

    public OperationContent? Content => request.Content;

    public string? Cursor => request.Cursor ?? Text("cursor");

    public string Key => Text("key") ?? "";

    /// <summary>Opens a client as the connection's configuration says.</summary>
    /// <returns><see langword="null"/>, and why, when that cannot be.</returns>
    public static S3Call? Open(OperationRequest request, ProviderContext context, out OperationResult? refusal)
    {
        refusal = null;
        var connection = request.Connection;
        var config = connection.Config;
        if (TextOf(request.Parameters, "bucket") is not { } bucket && (bucket = TextOf(config, "bucket")!) is null)
        {
            refusal = S3Adapter.Refused("/bucket", "No bucket is named.", "Give 'bucket', or set a default bucket in the connection.");
            return null;
        }

        var endpoint = connection.BaseUrlOverridden && connection.BaseUrl.Length > 0 ? connection.BaseUrl : TextOf(config, "endpoint");
        var region = TextOf(config, "region") ?? "us-east-1";
        var settings = new AmazonS3Config
        {
            HttpClientFactory = new HostHttp(context.Http, connection),

            // The hub retries, limits and times calls itself.
            MaxErrorRetry = 0,
            DefaultConfigurationMode = DefaultConfigurationMode.Standard,

            // Nothing of the machine's AWS settings may redirect a connection.
            IgnoreConfiguredEndpointUrls = true,

            // Trailing checksums are unknown to many stores that speak the S3 API.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        };

        if (endpoint is null)
        {
            settings.RegionEndpoint = RegionEndpoint.GetBySystemName(region);
        }
        else
        {
            settings.ServiceURL = endpoint;
            settings.AuthenticationRegion = region;
        }

        settings.ForcePathStyle = config.TryGetProperty("pathStyle", out var pathStyle) && pathStyle.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? pathStyle.GetBoolean()
            : endpoint is not null;

        var client = new FlowingS3Client(Credentials(config), settings);
        return new S3Call(request, client, bucket, endpoint?.StartsWith("http://", StringComparison.OrdinalIgnoreCase) != true, context.Time);
    }

    public string? Text(string name) => TextOf(request.Parameters, name);

    public int? Number(string name) =>
        request.Parameters.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number : null;

    public bool Flag(string name, bool otherwise) =>
        request.Parameters.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : otherwise;

    /// <summary>The string members of an object parameter.</summary>
    public IEnumerable<KeyValuePair<string, string>> Pairs(string name) =>
        request.Parameters.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object
            ? value.EnumerateObject().Where(pair => pair.Value.ValueKind == JsonValueKind.String).Select(pair => KeyValuePair.Create(pair.Name, pair.Value.GetString()!))
            : [];

    public void Dispose() => Client.Dispose();

    private static AWSCredentials Credentials(JsonElement config)
    {
        var id = TextOf(config, "accessKeyId");
        var secret = TextOf(config, "secretAccessKey");
        return TextOf(config, "sessionToken") is { } token ? new SessionAWSCredentials(id, secret, token) : new BasicAWSCredentials(id, secret);
    }

    private static string? TextOf(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : null;
}
