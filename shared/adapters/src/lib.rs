//! The ports of `app`, implemented on outside systems: DynamoDB, SQS, SNS, S3, Cognito, route providers, and the
//! embedded planner.
//!
//! There is one module for each system. Stored and sent values have their own types, so that the domain can change
//! without the tables. No error here prints personal data: see [`failure`].

pub mod aws;
pub mod cognito;
pub mod desk;
pub mod dynamodb;
pub mod failure;
pub mod geocoder;
pub mod keys;
pub mod mail;
pub mod ors;
pub mod pictures;
pub mod pseudonyms;
pub mod route_provider;
pub mod s3;
pub mod ses;
pub mod sns;
pub mod sqs;
pub mod system;
pub mod web;
