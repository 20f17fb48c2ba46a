using System.Reflection;
using Microsoft.Extensions.Logging;

namespace IntegrationHub.Host.Tests.Architecture;

/// <summary>Whoever watches the log for a number finds one event by it.</summary>
public sealed class LogEventTests
{
    [Fact]
    public void EventIds_OfTheHost_AreGivenOnce()
    {
        var events = (
            from type in typeof(HubApp).Assembly.GetTypes()
            from method in type.GetMethods(BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
            let message = method.GetCustomAttribute<LoggerMessageAttribute>()
            where message is not null
            select (message.EventId, Name: $"{type.DeclaringType?.Name}.{method.Name}")).ToList();

        Assert.True(events.Count > 100, $"Only {events.Count} events were found.");
        Assert.All(events, one => Assert.True(one.EventId > 0, $"{one.Name} has no number."));
        Assert.Empty(events.GroupBy(one => one.EventId).Where(same => same.Count() > 1).Select(same => $"{same.Key}: {string.Join(", ", same.Select(one => one.Name))}"));
    }
}
