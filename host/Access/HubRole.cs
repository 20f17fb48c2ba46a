namespace IntegrationHub.Host.Access;

/// <summary>What a key may do; each role includes those before it.</summary>
internal enum HubRole
{
    Viewer = 1,
    Developer = 2,
    Operator = 3,
    Admin = 4,
}
