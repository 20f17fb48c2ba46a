namespace IntegrationHub.Host.Events;

/// <summary>The values of <see cref="DeliveryAttempt.Outcome"/>.</summary>
internal static class DeliveryOutcomes
{
    public const string Delivered = "delivered";
    public const string Refused = "refused";
    public const string Timeout = "timeout";
    public const string ConnectFailed = "connect_failed";
    public const string Denied = "denied";
    public const string TransformFailed = "transform_failed";
    public const string Error = "error";
}
