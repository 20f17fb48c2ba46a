namespace IntegrationHub.Host.Secrets;

/// <summary>The key at AWS KMS that wraps the master keys, for <c>Hub:MasterKeySource=kms</c>. Credentials come from where the AWS SDK looks for them (environment, profile, role).</summary>
internal sealed class KmsOptions
{
    public const string Section = HubOptions.Section + ":Kms";

    /// <summary>Id, ARN or alias of a symmetric key for encryption.</summary>
    public string? KeyId { get; set; }

    /// <summary>The key's region. Default: what the AWS SDK finds (AWS_REGION, profile).</summary>
    public string? Region { get; set; }

    /// <summary>Another address instead of the region's: a VPC endpoint, an emulator.</summary>
    public string? Endpoint { get; set; }

    /// <summary>Time for one call to KMS. Default: 10 seconds.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);
}
