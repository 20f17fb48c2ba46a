using System.Text;
using System.Text.Json;
using IntegrationHub.Host.Events;
using IntegrationHub.Host.Http;
using IntegrationHub.Schemas;
using IntegrationHub.Templates;

namespace IntegrationHub.Host.Targets.RabbitMq;

/// <summary>What <c>target</c> says besides kind and address.</summary>
internal sealed record RabbitMqSettings
{
    public const string PasswordMember = "password";

    /// <summary>The broker's own limit for short strings.</summary>
    public const int MaxName = 255;

    private const int MaxUrl = 2048;
    private const string DefaultRoutingKey = "{event.type}";
    private static readonly string[] Members = ["exchange", "routingKey", "mandatory", "username", PasswordMember];

    /// <summary>Empty for the default exchange, which leads to the queue that the routing key names.</summary>
    public string? Exchange { get; init; }

    /// <summary>A template over the event. Default: the event's type.</summary>
    public string? RoutingKey { get; init; }

    /// <summary>Whether a message that no queue takes is a failure. Default true.</summary>
    public bool Mandatory { get; init; } = true;

    public string? Username { get; init; }

    /// <summary>A mask; the password itself is sealed.</summary>
    public string? Password { get; init; }

    /// <exception cref="JsonException">They were altered from outside.</exception>
    public static RabbitMqSettings Of(Subscription subscription) =>
        subscription.Settings.Target is { } target ? target.Deserialize<RabbitMqSettings>(HubJson.Options)! : new RabbitMqSettings();

    /// <exception cref="TemplateException">The template is malformed.</exception>
    public Template CompileRoutingKey() => Template.Compile(RoutingKey ?? DefaultRoutingKey);

    /// <summary>What is wrong with them.</summary>
    /// <param name="subscription">The subscription.</param>
    /// <param name="allowsPlainText">Whether some broker may be reached without TLS.</param>
    public static IEnumerable<ValidationIssue> Check(Subscription subscription, bool allowsPlainText)
    {
        foreach (var issue in TargetMembers.Check(subscription, Members).Concat(CheckUrl(subscription.Url, allowsPlainText)))
            yield return issue;
        if (subscription.Settings.Target is not { } target)
        {
            yield return new("/target/exchange", "The exchange is missing.", "Name the exchange; \"\" is the default exchange, where the routing key names the queue.");
            yield break;
        }

        RabbitMqSettings? settings = null;
        ValidationIssue? unreadable = null;
        try
        {
            settings = target.Deserialize<RabbitMqSettings>(HubJson.Options)!;
        }
        catch (JsonException)
        {
            unreadable = TargetMembers.Misshapen(target, texts: ["exchange", "routingKey", "username", PasswordMember], flags: ["mandatory"]);
        }

        if (unreadable is not null)
        {
            yield return unreadable;
            yield break;
        }

        if (settings!.Exchange is not { } exchange)
            yield return new("/target/exchange", "The exchange is missing.", "Name the exchange; \"\" is the default exchange, where the routing key names the queue.");
        else if (Encoding.UTF8.GetByteCount(exchange) > MaxName || exchange.Any(char.IsControl))
            yield return new("/target/exchange", $"An exchange's name has at most {MaxName} bytes, none of them a control character.");
        if (settings.Username is null != (settings.Password is null))
            yield return new(settings.Username is null ? "/target/username" : "/target/password", "User and password go together.");
        if (TargetMembers.CheckTemplate("/target/routingKey", settings.CompileRoutingKey) is { } template)
            yield return template;
    }

    private static IEnumerable<ValidationIssue> CheckUrl(string url, bool allowsPlainText)
    {
        if (string.IsNullOrEmpty(url))
            yield return new("/target/url", "The broker's address is missing.", "It looks like amqps://broker.example.com/vhost.");
        else if (url.Length > MaxUrl || url.Any(char.IsControl) || !Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is not ("amqps" or "amqp") || uri.Host.Length == 0)
            yield return new("/target/url", "This is no amqps address.", "It looks like amqps://broker.example.com/vhost.");
        else if (uri.UserInfo.Length > 0)
            yield return new("/target/url", "The address must not contain credentials: it is shown.", "Give them as target.username and target.password; the password is kept sealed and never shown.");
        else if (uri.Query.Length > 0 || uri.Fragment.Length > 0)
            yield return new("/target/url", "The address must not have a query or fragment.");
        else if (uri.AbsolutePath.Trim('/').Contains('/', StringComparison.Ordinal))
            yield return new("/target/url", "The path is the virtual host: one segment.", "Write a slash in its name as %2F.");
        else if (uri.Scheme == "amqp" && !allowsPlainText)
            yield return new("/target/url", "The address must begin with amqps.", "Without TLS only brokers in networks of Hub:AllowedNetworks are reached.");
    }
}
